package dev.gleaner.tracker.http;

import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import io.netty.util.NetUtil;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a call comes from. Proxies that the operator trusts say it in {@code X-Forwarded-For}; what anybody else writes there is
 * anybody's invention. Safe for any thread.
 */
public final class ClientAddress {
    private static final int PREFIX_BYTES = 7;

    private final List<IpSubnetFilterRule> trusted = new ArrayList<>();

    /**
     * @param proxies addresses or subnets, as {@code 10.0.0.0/8} or {@code fd00::1}
     * @throws IllegalArgumentException when one of them is neither
     */
    public ClientAddress(List<String> proxies) {
        for (String proxy : proxies) {
            String[] parts = proxy.strip().split("/", 2);
            byte[] address = NetUtil.createByteArrayFromIpAddressString(parts[0]);
            if (address == null) {
                throw new IllegalArgumentException("not an address or subnet of a proxy: " + proxy);
            }
            try {
                int prefix = parts.length == 1 ? address.length * 8 : Integer.parseInt(parts[1]);
                trusted.add(new IpSubnetFilterRule(InetAddress.getByAddress(address), prefix, IpFilterRuleType.ACCEPT));
            } catch (IllegalArgumentException | UnknownHostException e) {
                throw new IllegalArgumentException("not an address or subnet of a proxy: " + proxy, e);
            }
        }
    }

    /**
     * The network somebody calls from, as limits count it: an IPv4 address, or the first 56 bits of an IPv6 address, which is what one
     * household gets. Null for this machine itself, as behind a proxy that nobody declared: that says nothing about who calls.
     */
    @Nullable
    String source(HttpServerRequest request) {
        InetAddress address = address(request);
        if (address == null || address.isLoopbackAddress()) {
            return null;
        }
        if (address instanceof Inet6Address) {
            byte[] bytes = address.getAddress();
            java.util.Arrays.fill(bytes, PREFIX_BYTES, bytes.length, (byte) 0);
            return NetUtil.bytesToIpAddress(bytes) + "/" + PREFIX_BYTES * 8;
        }
        return address.getHostAddress();
    }

    /** The nearest address that is no trusted proxy's. */
    private @Nullable InetAddress address(HttpServerRequest request) {
        InetAddress address = parse(host(request.remoteAddress()));
        String[] forwarded =
                String.join(",", request.headers().getAll("X-Forwarded-For")).split(",", -1);
        for (int hop = forwarded.length - 1; hop >= 0 && address != null && isTrusted(address); hop--) {
            InetAddress before = parse(forwarded[hop].strip());
            if (before == null) {
                break;
            }
            address = before;
        }
        return address;
    }

    boolean isTrusted(@Nullable InetAddress address) {
        return address != null && trusted.stream().anyMatch(rule -> rule.matches(new InetSocketAddress(address, 0)));
    }

    static @Nullable InetAddress address(@Nullable SocketAddress remote) {
        return parse(host(remote));
    }

    private static String host(@Nullable SocketAddress remote) {
        String host = remote == null ? null : remote.hostAddress();
        return host == null ? "" : host;
    }

    /** Never asks a name server. */
    private static @Nullable InetAddress parse(String text) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(text);
        try {
            return bytes == null ? null : InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            return null;
        }
    }
}
