"""The records of jobs, stretches and revisions, and the rules that change them."""
