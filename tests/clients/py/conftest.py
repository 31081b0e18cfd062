import pytest
import pytest_asyncio
from cent import AsyncClient, Client

from broker import API_KEY, OTHER, connection_token, next_ws
from record import User


@pytest_asyncio.fixture
async def user():
    """Makes connected clients: `await user()` an anonymous one, `await user("42")` one with a token."""
    made = []

    async def make(name: str = "", address: str = "", claims=None, connect: bool = True, **options) -> User:
        if name and "token" not in options:
            options["token"] = connection_token(name, **(claims or {}))
        made.append(User(address or next_ws(), **options))
        return await made[-1].connect() if connect else made[-1]

    yield make
    for one in made:
        await one.client.disconnect()


@pytest.fixture
def sync_api():
    """The HTTP API through the synchronous library."""
    client = Client(f"{OTHER}/api", API_KEY)
    yield client
    client.close()


@pytest_asyncio.fixture
async def api():
    """The HTTP API through the asynchronous library."""
    client = AsyncClient(f"{OTHER}/api", API_KEY)
    yield client
    await client.close()
