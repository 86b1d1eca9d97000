import os


class Settings(dict):
    @property
    def allow_unsafe_eval(self):
        return os.environ.get("PODPAC_UNSAFE_EVAL", object()) == self.get("UNSAFE_EVAL_HASH")


settings = Settings(UNSAFE_EVAL_HASH="random", DEFAULT_CRS="EPSG:4326")
