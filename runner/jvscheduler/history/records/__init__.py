"""The records of jobs, stretches and revisions, and the pure rules that change them."""
