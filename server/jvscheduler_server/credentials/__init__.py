"""Makes the passwords and certificates of an installation, once, and renews certificates.

The chart's hook Job runs it before an installation and before each upgrade. The chart itself could
make them only where it may look into the cluster: `helm template` and GitOps controllers may not,
and would draw other passwords at each sync.

`certificates` makes authorities and what they sign, `decide` says what each Secret must hold, and
`secrets` reads and writes them.
"""
