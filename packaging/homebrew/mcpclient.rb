class Mcpclient < Formula
  desc "Model Context Protocol (MCP) client for every program that can call C"
  url "URL/libmcpclient-VERSION.tar.xz"
  sha256 "SHA256"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build

  def install
    system "make"
    system "make", "install", "PREFIX=#{prefix}"
  end

  test do
    (testpath/"test.c").write <<~C
      #include <mcpclient.h>
      #include <stdio.h>
      int main(void) { puts(mcpclient_version()); return 0; }
    C
    system ENV.cc, "test.c", "-I#{include}", "-L#{lib}", "-lmcpclient", "-o", "test"
    assert_match version.to_s, shell_output("./test")
  end
end
