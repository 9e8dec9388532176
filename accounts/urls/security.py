"""One's own security: second factor and sessions; the same page in both portals."""

from django.urls import path

from accounts.views import security

urlpatterns = [
    path("", security.view_security, name="view-security"),
    path("sessions/end-all", security.end_all_sessions, name="end-all-sessions"),
    path("sessions/<int:session_id>/end", security.end_session, name="end-session"),
]
