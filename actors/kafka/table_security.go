package kafka

import "github.com/twmb/franz-go/pkg/kgo"

// The security protocols, and the SASL mechanisms.
const (
	plaintext     = "PLAINTEXT"
	saslPlaintext = "SASL_PLAINTEXT"
	overTLS       = "SSL"
	saslOverTLS   = "SASL_SSL"

	mechanismPlain = "PLAIN"
	mechanism256   = "SCRAM-SHA-256"
	mechanism512   = "SCRAM-SHA-512"
	mechanismToken = "OAUTHBEARER"
)

// security are the properties of encryption and authentication, in librdkafka's names where Java's need JAAS or key stores.
var security = []Property{
	{
		Name: "security.protocol", Kind: KindEnum, Role: RoleBoth, Default: plaintext,
		choices: []choice{{plaintext}, {overTLS}, {saslPlaintext}, {saslOverTLS}},
		Doc:     "Whether connections are encrypted (SSL) and authenticated (SASL).",
		apply:   applySecurity,
	},
	{
		Name: "sasl.mechanism", Kind: KindEnum, Role: RoleBoth,
		choices: []choice{{mechanismPlain}, {mechanism256}, {mechanism512}, {mechanismToken}},
		Doc:     "How the client proves who it is; needed with a security.protocol that begins with SASL.",
	},
	{
		Name: "sasl.username", Kind: KindString, Role: RoleBoth,
		Doc: "The user for PLAIN and SCRAM.",
	},
	{
		Name: "sasl.password", Kind: KindSecret, Role: RoleBoth,
		Doc: "The password for PLAIN and SCRAM; it is never shown. Better ${env:NAME} or ${file:PATH} than the text itself.",
	},
	{
		Name: "sasl.oauthbearer.token.file", Kind: KindString, Role: RoleBoth,
		Doc: "The file that holds the token for OAUTHBEARER; it is read at every authentication.",
	},
	{
		Name: "ssl.ca.location", Kind: KindString, Role: RoleBoth,
		Doc: "A PEM file with the authorities that the brokers' certificates are checked against; the system's when not set.",
	},
	{
		Name: "ssl.certificate.location", Kind: KindString, Role: RoleBoth,
		Doc: "A PEM file with the client's certificate; a renewed file is used for the next connection.",
	},
	{
		Name: "ssl.key.location", Kind: KindString, Role: RoleBoth,
		Doc: "A PEM file with the key of ssl.certificate.location.",
	},
	{
		Name: "ssl.endpoint.identification.algorithm", Kind: KindEnum, Role: RoleBoth, Default: "https",
		choices:  []choice{{"https"}, {"none", ""}},
		Accepted: "https, none (or empty)",
		Doc:      "https checks that a broker's certificate is for its host name; none checks the certificate alone.",
	},
}

// applySecurity decides on encryption and authentication together.
func applySecurity(v view, protocol any) ([]kgo.Opt, error) {
	var options []kgo.Opt
	if protocol == overTLS || protocol == saslOverTLS {
		config, err := v.tls()
		if err != nil {
			return nil, err
		}
		options = append(options, kgo.DialTLSConfig(config))
	}
	if protocol == saslPlaintext || protocol == saslOverTLS {
		options = append(options, kgo.SASL(v.mechanism()))
	}
	return options, nil
}
