"""The words between the embedded venue's trading half and a dialect: orders, events, refusals.

Prices and quantities that come from a client are Decimals as the client wrote them; the venue
checks them against the instrument's rules before they become ticks and lots.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum
from typing import NamedTuple, TypeAlias

from connector_sdk.model.order import Side, TimeInForce


class VenueOrderType(Enum):
    """Every type the venue takes."""

    LIMIT = "limit"
    MARKET = "market"
    LIMIT_MAKER = "limit_maker"
    STOP_LOSS = "stop_loss"
    STOP_LOSS_LIMIT = "stop_loss_limit"
    TAKE_PROFIT = "take_profit"
    TAKE_PROFIT_LIMIT = "take_profit_limit"


class TradePrevention(Enum):
    """What happens when an account would trade with itself. The taker's choice decides."""

    NONE = "none"
    EXPIRE_TAKER = "expire_taker"
    EXPIRE_MAKER = "expire_maker"
    EXPIRE_BOTH = "expire_both"
    DECREMENT = "decrement"


class VenueOrderStatus(Enum):
    """How an order stands at the venue."""

    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    EXPIRED_IN_MATCH = "expired_in_match"

    @property
    def is_open(self) -> bool:
        """Whether it may still be filled."""
        return self in {VenueOrderStatus.NEW, VenueOrderStatus.PARTIALLY_FILLED}


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What a client asks for.

    quantity:        base units; None where quote_quantity says how much to spend or earn.
    stop_price:      triggers the stop and take-profit types by the last trade's price.
    trailing_delta:  in hundredths of a percent: the trigger follows the best price since the
                     order came (with a stop_price: since that was reached) at that distance.
    iceberg:         the part of it that shows; hidden size is refilled, losing its place.
    """

    pair: str
    side: Side
    type: VenueOrderType
    client_order_id: str
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None
    trailing_delta: int | None = None
    iceberg: Decimal | None = None
    time_in_force: TimeInForce | None = None
    prevention: TradePrevention = TradePrevention.NONE


class UserFill(NamedTuple):
    """One trade of a user's order, in exact units. `quote` is price times quantity."""

    trade_id: int
    price: Decimal
    quantity: Decimal
    quote: Decimal
    fee: Decimal
    fee_asset: str
    maker: bool
    at_ns: int


@dataclass(slots=True)
class UserOrder:
    """A user's order, as the venue keeps it.

    client_order_id:  of the order; amendments may change it.
    working_ns:       when it entered the book; None while its trigger waits.
    end_reason:       why it expired: a word of the venue-neutral list in `EndReason`.
    prevented:        what did not match because it would have with an order of the same account.
    execution_id:     of its last change.
    """

    order_id: int
    account: str
    new: NewOrder
    client_order_id: str
    quantity: Decimal
    created_ns: int
    updated_ns: int
    status: VenueOrderStatus = VenueOrderStatus.NEW
    filled: Decimal = Decimal(0)
    filled_quote: Decimal = Decimal(0)
    working_ns: int | None = None
    end_reason: EndReason | None = None
    prevented: Decimal = Decimal(0)
    execution_id: int = 0


class EndReason(Enum):
    """Why the venue ended an order by itself."""

    UNFILLED_IOC = "unfilled ioc"
    UNFILLED_FOK = "unfilled fok"
    NO_LIQUIDITY = "no liquidity"
    SELF_TRADE = "self trade"
    HALT = "halt"


class Execution(Enum):
    """What just happened to an order."""

    NEW = "new"
    TRIGGERED = "triggered"
    """Its trigger was met: it goes to the book now."""
    TRADE = "trade"
    CANCELED = "canceled"
    AMENDED = "amended"
    EXPIRED = "expired"
    TRADE_PREVENTED = "trade prevented"


class PreventedMatch(NamedTuple):
    """A match with an order of the same account that did not happen, as one of the two saw it.

    match_id:  of the venue and pair, rising.
    counter_order_id: the other order.
    """

    match_id: int
    price: Decimal
    quantity: Decimal
    counter_order_id: int
    at_ns: int


class OrderEvent(NamedTuple):
    """One change of one order, told on its account's stream.

    order:        a copy, as of this change.
    fill:         of a TRADE.
    request_id:   the client order id that the cancel or amend request itself carried.
    execution_id: rises over all orders of the venue.
    prevented:    of a TRADE_PREVENTED.
    """

    order: UserOrder
    execution: Execution
    fill: UserFill | None
    request_id: str
    execution_id: int
    at_ns: int
    prevented: PreventedMatch | None = None


class AccountBalance(NamedTuple):
    """Exact; never negative."""

    asset: str
    free: Decimal
    locked: Decimal


class BalanceEvent(NamedTuple):
    """The balances that just changed, absolute."""

    account: str
    balances: tuple[AccountBalance, ...]
    at_ns: int


class TransferEvent(NamedTuple):
    """A deposit (or, negative, a withdrawal); the BalanceEvent follows."""

    account: str
    asset: str
    change: Decimal
    at_ns: int


class StreamEnded(NamedTuple):
    """The account's stream is over on this connection: the client must subscribe anew."""

    account: str
    at_ns: int


UserEvent: TypeAlias = OrderEvent | BalanceEvent | TransferEvent | StreamEnded


class RefusalKind(Enum):
    """Why the venue does not do what it was asked for."""

    INSUFFICIENT_BALANCE = "insufficient balance"
    DUPLICATE = "duplicate client order id"
    WOULD_MATCH = "post-only would match"
    WOULD_TRIGGER = "would trigger at once"
    CLOSED = "market closed"
    RULE = "a rule of the instrument"
    PRECISION = "too much precision"
    TOO_MANY_ORDERS = "order rate"
    NO_SUCH_ORDER = "no such order"
    CANCEL_RESTRICTED = "cancel restrictions"
    NOT_SMALLER = "an amendment must make it smaller"
    TOO_MANY_AMENDS = "amended too often"


class Rule(StrEnum):
    """The rules an order may break."""

    PRICE = "price"
    LOT = "lot"
    MARKET_LOT = "market lot"
    NOTIONAL = "notional"
    OPEN_ORDERS = "open orders"
    OPEN_TRIGGERS = "open triggers"
    ICEBERG_PARTS = "iceberg parts"
    TRAILING_DELTA = "trailing delta"


class Refused(NamedTuple):
    """A request the venue refused. rule: a word of `Rule`, for RULE."""

    kind: RefusalKind
    rule: str = ""


class Account(NamedTuple):
    """One account of the venue. key and secret prove who asks (HMAC).

    public_key: PEM of an RSA or Ed25519 key, in place of the secret; empty where there is none.
    """

    name: str
    key: str
    secret: str
    public_key: str = ""

    def __repr__(self) -> str:
        return f"Account({self.name!r}, key=…{self.key[-4:]})"


class TradingDesk(ABC):
    """What a dialect may ask of the venue's trading half; everything happens as of now."""

    @abstractmethod
    def account_of(self, key: str) -> Account | None:
        """The account of an API key; None for an unknown or revoked one."""

    @abstractmethod
    def place(self, account: str, order: NewOrder) -> OrderPlaced | Refused:
        """Take an order, match it, rest what is left."""

    @abstractmethod
    def check(self, account: str, order: NewOrder) -> Refused | None:
        """What `place` would refuse, without placing."""

    @abstractmethod
    def cancel(self, account: str, order_id: int, request_id: str) -> UserOrder | Refused:
        """Take an open order out; its state after that."""

    @abstractmethod
    def amend(
        self, account: str, order_id: int, quantity: Decimal, new_client_order_id: str
    ) -> UserOrder | Refused:
        """Make an open order smaller; it keeps its place in the queue."""

    @abstractmethod
    def order(
        self, account: str, pair: str, *, order_id: int | None = None, client_order_id: str = ""
    ) -> UserOrder | None:
        """The order with that id; of several with one client id, the newest."""

    @abstractmethod
    def open_orders(self, account: str, pair: str | None = None) -> Sequence[UserOrder]:
        """Oldest first."""

    @abstractmethod
    def orders(self, account: str, pair: str) -> Sequence[UserOrder]:
        """All that is remembered, by order id."""

    @abstractmethod
    def fills(self, account: str, pair: str) -> Sequence[tuple[UserOrder, UserFill]]:
        """The account's trades of a pair, oldest first, by trade id."""

    @abstractmethod
    def balances(self, account: str) -> Mapping[str, AccountBalance]:
        """Asset → balance, of every asset the venue knows, zeros included."""

    @abstractmethod
    def balances_changed_ns(self, account: str) -> int:
        """When the account last changed."""

    @abstractmethod
    def fee_rates(self, account: str) -> tuple[Decimal, Decimal]:
        """(maker, taker), as shares."""

    @abstractmethod
    def order_counts(self, account: str) -> tuple[int, int]:
        """(new orders in these 10 seconds, today), fills given back."""


@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """What became of an order at once: how it stands, and the fills it met."""

    order: UserOrder
    fills: tuple[UserFill, ...]
