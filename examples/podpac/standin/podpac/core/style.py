class Style:
    def __init__(self, name="", units="", clim=(None, None), enumeration_legend=None, enumeration_colors=None):
        self.name, self.units, self.clim = name, units, clim
        self.enumeration_legend, self.enumeration_colors = (
            {int(value): entry for value, entry in entries.items()} if entries else None for entries in (enumeration_legend, enumeration_colors)
        )

    def cmap(self, share):
        return f"#0000{round(share * 255):02x}"
