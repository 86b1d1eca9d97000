class Style:
    pass
