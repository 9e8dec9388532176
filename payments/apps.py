"""Money crossing our border: payment channels, recharges, the inbox of gateways."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """Tells funds the stories of recharges and what forbids deleting a fund account."""

    name = "payments"

    def ready(self) -> None:
        from funds import stories as funds_stories
        from funds.actions import fund_accounts
        from payments import stories

        fund_accounts.register_deletion_check(stories.why_account_stays)
        funds_stories.register_story_source("recharge", stories.story_of_recharge)
        funds_stories.register_channel_source(stories.channels_of)
        funds_stories.register_channel_filter(stories.ChannelFilter())
