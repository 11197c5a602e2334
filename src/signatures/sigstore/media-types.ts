// The types, tags and annotations by which sigstore's clients find what they stored (signing reference 4.1 to 4.3).

/** What is both the artifact type of a referrer and the type of its one layer. */
export const bundleTypes: readonly string[] = [
  'application/vnd.dev.sigstore.bundle.v0.3+json',
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
  'application/vnd.dev.sigstore.bundle+json;version=0.2',
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
]

export const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json'
export const simpleSigningType = 'application/vnd.dev.cosign.simplesigning.v1+json'
export const dsseType = 'application/vnd.dsse.envelope.v1+json'
export const inTotoType = 'application/vnd.in-toto+json'
/** On layers of the `.sig` and `.att` manifests. */
export const annotationNames = {
  signature: 'dev.cosignproject.cosign/signature',
  certificate: 'dev.sigstore.cosign/certificate',
  rekor: 'dev.sigstore.cosign/bundle',
  timestamp: 'dev.sigstore.cosign/rfc3161timestamp',
} as const

/** On the manifest of a referrer: what is in its bundle. Nobody signed them. */
export const bundleAnnotationNames = {
  content: 'dev.sigstore.bundle.content',
  predicateType: 'dev.sigstore.bundle.predicateType',
  created: 'org.opencontainers.image.created',
} as const
