"""What can be typed: each command has a module, whose name is the command's, and each group of commands a package.

Such a module has `add_arguments(parser)`, which says what the command takes, and `run(options, settings)`, which does
it and returns the exit status. `cli` imports that of the command which was typed, and no other.
"""
