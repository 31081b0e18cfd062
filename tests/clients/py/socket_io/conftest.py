import pytest
import pytest_asyncio

from user import TRANSPORTS, User


@pytest.fixture(params=TRANSPORTS.values(), ids=TRANSPORTS.keys())
def transports(request):
    """Tells a story once for every way to connect."""
    return request.param


@pytest_asyncio.fixture
async def user(transports):
    """Makes clients: `await user()` a connected one."""
    made = []

    async def make(auth=None, connect: bool = True, **options) -> User:
        made.append(User(transports, **options))
        return await made[-1].connect(auth) if connect else made[-1]

    yield make
    for one in made:
        await one.client.shutdown()
