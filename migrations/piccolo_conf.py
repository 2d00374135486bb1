"""Read by Piccolo through PICCOLO_CONF; `khuen.schema.migrate` fills in the owner's connection string."""

from piccolo.conf.apps import AppRegistry

from khuen.database import LazyEngine

DB = LazyEngine(config={})
APP_REGISTRY = AppRegistry(apps=["migrations.piccolo_app"])
