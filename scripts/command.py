from butfor.command.program import main

main()
