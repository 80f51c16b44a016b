# vcpkg brings no Rust, so the archives of the release are installed.
set(VCPKG_POLICY_DLLS_WITHOUT_EXPORTS enabled)
if(VCPKG_TARGET_IS_MINGW)
  set(triple x86_64-pc-windows-gnu)
  set(sha512 SHA512)
elseif(VCPKG_TARGET_ARCHITECTURE STREQUAL "arm64")
  set(triple aarch64-unknown-linux-gnu)
  set(sha512 SHA512)
else()
  set(triple x86_64-unknown-linux-gnu)
  set(sha512 SHA512)
endif()

vcpkg_download_distfile(archive
  URLS "URL/libmcpclient-${VERSION}-${triple}.tar.xz"
  FILENAME "libmcpclient-${VERSION}-${triple}.tar.xz"
  SHA512 ${sha512})
vcpkg_extract_source_archive(source ARCHIVE "${archive}")

# One of the two, as the triplet says.
if(VCPKG_LIBRARY_LINKAGE STREQUAL "static")
  file(GLOB unwanted "${source}/lib/libmcpclient.so*" "${source}/lib/libmcpclient.dll.a" "${source}/bin")
  file(REMOVE_RECURSE ${unwanted})
else()
  file(REMOVE "${source}/lib/libmcpclient.a")
endif()
file(COPY "${source}/include" "${source}/lib" DESTINATION "${CURRENT_PACKAGES_DIR}")
if(EXISTS "${source}/bin")
  file(COPY "${source}/bin" DESTINATION "${CURRENT_PACKAGES_DIR}")
endif()
vcpkg_fixup_pkgconfig(SKIP_CHECK)
vcpkg_install_copyright(FILE_LIST "${source}/share/doc/mcpclient/LICENSE-MIT"
  "${source}/share/doc/mcpclient/LICENSE-APACHE" "${source}/share/doc/mcpclient/THIRD-PARTY-LICENSES")
