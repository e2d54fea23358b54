"""What each instruction does, by family; a family is a table of builders."""
