#include <mcpclient.h>
