"""What every request passes before an endpoint, and every answer after it.

`requests` bounds how many are at work, `connections` ends slow clients, `headers` tells browsers
what they may do with an answer, and `documentation` is the page `/docs`.
"""
