"""``chainyard accounts``: the prefunded accounts. Their keys are what this verb is for."""

from __future__ import annotations

from argparse import Namespace
from decimal import Context, Decimal

from chainyard.cli.options import add_name, add_output, find_network
from chainyard.cli.output import print_json, print_table
from chainyard.cli.parser import Parser

WEI_DIGITS = 18  # of an ether


def arguments(parser: Parser) -> None:
    """Declare what the verb takes."""
    add_name(parser)
    add_output(parser)


def run(args: Namespace) -> None:
    """List address, private key and balance at genesis."""
    accounts = find_network(args.name).accounts()
    if args.output == "json":
        print_json(
            [
                {
                    "index": account.index,
                    "address": account.address,
                    "private_key": account.private_key,
                    # A string: JSON numbers of many languages end at 2^53.
                    "balance_wei": str(account.balance_wei),
                    "path": account.path,
                }
                for account in accounts
            ]
        )
        return
    rows = [
        (account.address, account.private_key, ether(account.balance_wei)) for account in accounts
    ]
    print_table(("address", "private key", "balance (ETH)"), rows)


def ether(wei: int) -> str:
    """Wei as ether, exactly: ``1000000``, ``0.5``."""
    value = Decimal(wei).scaleb(-WEI_DIGITS, Context(prec=100))
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
