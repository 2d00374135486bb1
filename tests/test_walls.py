"""The catalogue lint finds nothing on our own schema, and every planted hole."""

from khuen import schema
from khuen.database import connect
from khuen.settings import Settings


async def test_the_walls_stand(db: Settings) -> None:
    connection = await connect(db.dsn("app"))
    try:
        assert await schema.lint(connection) == []
    finally:
        await connection.close()
    await schema.check_walls(db)
