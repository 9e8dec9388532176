from django.urls import path

from features.views import admin

app_name = "features_admin"
urlpatterns = [
    path("config/features/", admin.list_features, name="list-features"),
    path("config/features/<slug:key>/", admin.change_feature, name="change-feature"),
]
