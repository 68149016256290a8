"""One file per verb: its flags, and the stages that it calls."""
