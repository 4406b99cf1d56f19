"""Runs made elsewhere: a CSV file of any program, judged, drawn and reported by what judges a study of butfor's own.

Nothing is proven of such runs: who made them alone knows what an arm changed, and that nothing else did.
"""
