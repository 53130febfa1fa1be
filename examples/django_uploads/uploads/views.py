"""A page that takes files and gives them back."""

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.text import get_valid_filename
from django.views.decorators.http import require_http_methods, require_safe


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Lists the files; a posted one is kept."""
    if request.method == "POST" and "file" in request.FILES:
        file = request.FILES["file"]
        default_storage.save(get_valid_filename(file.name), file)
        request.session["given"] = request.session.get("given", 0) + 1
        return redirect("index")
    names = sorted(default_storage.listdir("")[1]) if default_storage.exists("") else []
    files = [{"name": name, "size": default_storage.size(name)} for name in names]
    return render(request, "index.html", {"files": files, "given": request.session.get("given", 0)})


@require_safe
def download(request: HttpRequest, name: str) -> HttpResponseBase:
    """A file as it was given: the server sends it from the disk, past Python."""
    if not default_storage.exists(name):
        raise Http404
    return FileResponse(default_storage.open(name), as_attachment=True)
