"""TODO generic"""
