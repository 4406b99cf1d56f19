"""What goes into a paper: tables, macros, captions, a paragraph on methods, answers to a checklist, references and figures."""
