package dev.gleaner.worker.fetch.guard;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/**
 * Tells whether a resolved address is of the public internet, so that no crawled link reaches a volunteer's own network.
 *
 * <p>Checks what the connection will really go to, never a name. IPv6 forms that carry an IPv4 address (mapped, compatible,
 * NAT64, 6to4, Teredo) are judged by range: none of them is ever needed to fetch a picture. Immutable, safe for any thread.
 */
public final class AddressGuard {
    private record Range(byte[] network, int bits, String name) {
        boolean holds(byte[] address) {
            if (address.length != network.length) {
                return false;
            }
            int whole = bits / 8;
            for (int i = 0; i < whole; i++) {
                if (address[i] != network[i]) {
                    return false;
                }
            }
            int rest = bits % 8;
            return rest == 0 || ((address[whole] ^ network[whole]) & (0xFF00 >> rest) & 0xFF) == 0;
        }
    }

    /** IANA special-purpose registries for IPv4 and IPv6, as of 2026. */
    private static final List<Range> FORBIDDEN = List.of(
            v4("this network", 8, 0),
            v4("private", 8, 10),
            v4("carrier-grade NAT", 10, 100, 64),
            v4("loopback", 8, 127),
            v4("link-local", 16, 169, 254),
            v4("private", 12, 172, 16),
            v4("protocol assignments", 24, 192, 0, 0),
            v4("documentation", 24, 192, 0, 2),
            v4("6to4 relay", 24, 192, 88, 99),
            v4("private", 16, 192, 168),
            v4("benchmarking", 15, 198, 18),
            v4("documentation", 24, 198, 51, 100),
            v4("documentation", 24, 203, 0, 113),
            v4("multicast", 4, 224),
            v4("reserved", 4, 240),
            v6("unspecified, loopback or IPv4-compatible", 96),
            v6("IPv4-mapped", 96, 0, 0, 0, 0, 0, 0xffff),
            v6("IPv4-translated", 96, 0, 0, 0, 0, 0xffff, 0),
            v6("NAT64", 96, 0x64, 0xff9b),
            v6("local NAT64", 48, 0x64, 0xff9b, 1),
            v6("discard-only", 64, 0x100),
            v6("protocol assignments and Teredo", 23, 0x2001),
            v6("documentation", 32, 0x2001, 0xdb8),
            v6("6to4", 16, 0x2002),
            v6("documentation", 20, 0x3fff),
            v6("segment routing", 16, 0x5f00),
            v6("unique local", 7, 0xfc00),
            v6("link-local", 10, 0xfe80),
            v6("site-local", 10, 0xfec0),
            v6("multicast", 8, 0xff00));

    private final boolean allowLoopback;

    private AddressGuard(boolean allowLoopback) {
        this.allowLoopback = allowLoopback;
    }

    /** The guard of a real worker. */
    public static AddressGuard strict() {
        return new AddressGuard(false);
    }

    /** Opened for this machine's loopback addresses, at any port: for the demo and for tests. */
    public static AddressGuard allowingLoopback() {
        return new AddressGuard(true);
    }

    /** The name of the forbidden range the address lies in, or empty when it may be connected to. */
    public Optional<String> forbids(InetAddress address) {
        if (allowLoopback && address.isLoopbackAddress()) {
            return Optional.empty();
        }
        byte[] bytes = address.getAddress();
        for (Range range : FORBIDDEN) {
            if (range.holds(bytes)) {
                return Optional.of(range.name);
            }
        }
        boolean global = address instanceof Inet4Address || (bytes[0] & 0xE0) == 0x20;
        return global ? Optional.empty() : Optional.of("not global unicast");
    }

    /** Whether the port may be connected to at that address: 80 and 443, and any at an allowed loopback address. */
    public boolean allowsPort(InetAddress address, int port) {
        return port == 80 || port == 443 || (allowLoopback && address.isLoopbackAddress());
    }

    private static Range v4(String name, int bits, int... octets) {
        byte[] network = new byte[4];
        for (int i = 0; i < octets.length; i++) {
            network[i] = (byte) octets[i];
        }
        return new Range(network, bits, name);
    }

    private static Range v6(String name, int bits, int... groups) {
        byte[] network = new byte[16];
        for (int i = 0; i < groups.length; i++) {
            network[2 * i] = (byte) (groups[i] >> 8);
            network[2 * i + 1] = (byte) groups[i];
        }
        return new Range(network, bits, name);
    }
}
