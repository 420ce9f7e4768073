/*
 * Preloaded into servers that listen on every address: what they bind to the wildcard address is
 * bound to loopback instead, so that a test run opens nothing to the network.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

typedef int (*bind_function)(int, const struct sockaddr *, socklen_t);

static int is_v6_only(int fd)
{
    int only = 0;
    socklen_t size = sizeof only;
    getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &size);
    return only;
}

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    bind_function next = (bind_function)dlsym(RTLD_NEXT, "bind");
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->sa_family == AF_INET && length >= sizeof v4) {
        memcpy(&v4, address, sizeof v4);
        if (v4.sin_addr.s_addr == htonl(INADDR_ANY))
            v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return next(fd, (struct sockaddr *)&v4, sizeof v4);
    }
    if (address->sa_family == AF_INET6 && length >= sizeof v6) {
        memcpy(&v6, address, sizeof v6);
        if (IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr)) {
            if (is_v6_only(fd))
                v6.sin6_addr = in6addr_loopback;
            else
                inet_pton(AF_INET6, "::ffff:127.0.0.1", &v6.sin6_addr);
        }
        return next(fd, (struct sockaddr *)&v6, sizeof v6);
    }
    return next(fd, address, length);
}
