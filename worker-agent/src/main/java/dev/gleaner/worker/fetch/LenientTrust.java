package dev.gleaner.worker.fetch;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Looks at certificates as this Java does, and lets bad ones pass with a mark on the session: for campaigns that rather take a
 * picture from a server with an expired certificate than none. Only pictures are fetched so, which are strangers' bytes in any
 * case. Safe for any thread.
 */
final class LenientTrust extends X509ExtendedTrustManager {
    private static final String MARK = "gleaner.bad-certificate";

    private final X509ExtendedTrustManager strict;

    private LenientTrust(X509ExtendedTrustManager strict) {
        this.strict = strict;
    }

    static LenientTrust overDefault() {
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init((KeyStore) null);
            for (TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof X509ExtendedTrustManager strict) {
                    return new LenientTrust(strict);
                }
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no usable TLS: " + e.getMessage(), e);
        }
        throw new IllegalStateException("this Java has no usable TLS: no trust manager");
    }

    /** Whether the server's certificate was bad. */
    static boolean wasBad(SSLSession session) {
        return session.getValue(MARK) != null;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
            throws CertificateException {
        try {
            strict.checkServerTrusted(chain, authType, engine);
        } catch (CertificateException e) {
            SSLSession session = engine == null ? null : engine.getHandshakeSession();
            if (session == null) {
                throw e;
            }
            session.putValue(MARK, String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
            throws CertificateException {
        strict.checkServerTrusted(chain, authType, socket);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        strict.checkServerTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
            throws CertificateException {
        strict.checkClientTrusted(chain, authType, engine);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
            throws CertificateException {
        strict.checkClientTrusted(chain, authType, socket);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        strict.checkClientTrusted(chain, authType);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return strict.getAcceptedIssuers();
    }
}
