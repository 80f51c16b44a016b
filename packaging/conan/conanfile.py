"""Conan brings no Rust, so the archives of the release are packed."""

import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.files import copy, get

TRIPLES = {
    ("Linux", "x86_64"): "x86_64-unknown-linux-gnu",
    ("Linux", "armv8"): "aarch64-unknown-linux-gnu",
    ("Windows", "x86_64"): "x86_64-pc-windows-gnu",
}


class McpclientConan(ConanFile):
    name = "mcpclient"
    version = "VERSION"
    description = "Model Context Protocol (MCP) client for every program that can call C"
    license = "MIT OR Apache-2.0"
    package_type = "library"
    settings = "os", "arch"
    options = {"shared": [True, False]}
    default_options = {"shared": False}

    def triple(self):
        return TRIPLES.get((str(self.settings.os), str(self.settings.arch)))

    def validate(self):
        if self.triple() is None:
            raise ConanInvalidConfiguration("there is no archive for this platform: build it with make")

    def build(self):
        get(self, f"URL/libmcpclient-{self.version}-{self.triple()}.tar.xz", sha256="SHA256", strip_root=True)

    def package(self):
        unwanted = ("*.a",) if self.options.shared else ("*.so*", "*.dll.a")
        for folder in ("include", "bin", "lib"):
            source = os.path.join(self.build_folder, folder)
            copy(self, "*", source, os.path.join(self.package_folder, folder), excludes=unwanted)
        doc = os.path.join(self.build_folder, "share", "doc", "mcpclient")
        copy(self, "*", doc, os.path.join(self.package_folder, "licenses"))

    def package_info(self):
        self.cpp_info.libs = ["mcpclient"]
        if not self.options.shared:
            self.cpp_info.defines = ["MCPCLIENT_STATIC"]
            if self.settings.os == "Linux":
                self.cpp_info.system_libs = ["util", "rt", "pthread", "m", "dl"]
