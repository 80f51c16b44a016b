# The archive has all crates in vendor/, so that nothing is fetched.
{ lib, stdenv, fetchurl, cargo, rustc }:

stdenv.mkDerivation (final: {
  pname = "libmcpclient";
  version = "VERSION";
  src = fetchurl {
    url = "URL/libmcpclient-${final.version}.tar.xz";
    hash = "SHA256";
  };
  nativeBuildInputs = [ cargo rustc ];
  enableParallelBuilding = true;
  installFlags = [ "PREFIX=${placeholder "out"}" ];
  meta = {
    description = "Model Context Protocol (MCP) client for every program that can call C";
    license = with lib.licenses; [ mit asl20 ];
    platforms = lib.platforms.unix;
  };
})
