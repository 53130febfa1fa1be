"""Settings of a project without a database: sessions live in signed cookies, files in a folder."""

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent

# Sessions last as long as the process does; a real site keeps its key.
SECRET_KEY = os.environ.get("UPLOADS_SECRET_KEY") or get_random_secret_key()
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ROOT_URLCONF = "uploads.urls"
WSGI_APPLICATION = "uploads.wsgi.application"
ASGI_APPLICATION = "uploads.asgi.application"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "uploads" / "templates"],
    }
]
MEDIA_ROOT = Path(os.environ.get("UPLOADS_FOLDER", BASE_DIR / "media"))
