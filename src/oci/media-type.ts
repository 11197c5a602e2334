// Purpose:  the manifest media types that the registry interprets; every other type is stored and not interpreted.
// Spec:     OCI image-spec media-types.md; Docker image manifest v2 schema 2.
// Input:    a Content-Type header or a mediaType member; may be hostile.
// Deviates: the artifact manifest that OCI 1.1 dropped before its release is accepted, since older clients still push it.
// Unknowns: a type that is not one of these → undefined; only manifests are a closed set.
export const mediaTypes = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociArtifact: 'application/vnd.oci.artifact.manifest.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
} as const

export type ManifestMediaType =
  | typeof mediaTypes.ociManifest
  | typeof mediaTypes.ociIndex
  | typeof mediaTypes.ociArtifact
  | typeof mediaTypes.dockerManifest
  | typeof mediaTypes.dockerList

const manifestTypes: readonly ManifestMediaType[] = [
  mediaTypes.ociManifest,
  mediaTypes.ociIndex,
  mediaTypes.ociArtifact,
  mediaTypes.dockerManifest,
  mediaTypes.dockerList,
]

/** Parameters such as `; charset=utf-8` are dropped: clients add them, the stored type has none. */
export function parseManifestMediaType(text: string): ManifestMediaType | undefined {
  const bare = text.split(';', 1)[0]?.trim().toLowerCase()
  return manifestTypes.find((type) => type === bare)
}

export function isIndexMediaType(type: string): boolean {
  return type === mediaTypes.ociIndex || type === mediaTypes.dockerList
}

/** Whether a config of this type says "this is a container image". */
export function isImageConfigMediaType(type: string): boolean {
  return type === mediaTypes.ociConfig || type === mediaTypes.dockerConfig
}

/** A layer that only who has a key can open, as containers/ocicrypt names it: the type of the plain one with a suffix. */
export function isEncrypted(type: string): boolean {
  return type.endsWith('+encrypted')
}

/** Layers that clients may leave out: OCI image-spec "Non-Distributable Layers", Docker foreign layers. */
export function isNonDistributable(type: string): boolean {
  return type.includes('.nondistributable.') || type.includes('.foreign.')
}
