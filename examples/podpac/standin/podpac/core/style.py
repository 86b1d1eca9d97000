class Style:
    def __init__(self, name="", units="", clim=(None, None), enumeration_legend=None):
        self.name, self.units, self.clim, self.enumeration_legend = name, units, clim, enumeration_legend
