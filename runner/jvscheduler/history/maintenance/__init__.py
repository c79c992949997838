"""TODO maintenance"""
