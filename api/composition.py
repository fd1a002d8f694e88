"""From settings to a deployment; commands that prepare an instance need it before there is an application that serves."""

from api.settings import Settings
from credit.deployment import Deployment, make_deployment
from credit.keyring import load_keyring
from models.session import make_engine


def build_deployment(settings: Settings) -> Deployment:
    """The deployment these settings describe."""
    return make_deployment(
        district=settings.district_name,
        jurisdiction=settings.jurisdiction,
        instance=settings.credit_instance,
        engine=make_engine(settings.database_url),
        enquiry_engine=make_engine(settings.enquiry_database_url, cache_kib=8192),
        keyring=load_keyring(settings.keys_folder),
    )
