// Purpose:  what the scanner found of secrets in the layers of an image, as evidence.
// Spec:     docs/scanning.md, "Secrets".
// Input:    layers of an image or of the platforms of an index; paths are hostile.
// Deviates: nothing.
// Unknowns: a layer that was not read is counted, and never taken for one without secrets.
import type { LayerSecretEvidence } from './evidence.ts'

export interface ToldImageSecrets {
  readonly platform?: string
  readonly layers: readonly {
    readonly isRead: boolean
    readonly secrets: readonly {
      readonly kind: string
      readonly path: string
      readonly line: number
    }[]
  }[]
}

const mostPlaces = 100

export function layerSecretsIn(images: readonly ToldImageSecrets[]): LayerSecretEvidence {
  const secrets = images.flatMap(({ platform, layers }) =>
    layers.flatMap((layer) =>
      layer.secrets.map(({ kind, path, line }) => ({
        kind,
        place: `${platform === undefined ? '' : `${platform}: `}/${path.slice(0, 200)}, line ${line}`,
      })),
    ),
  )
  const layers = images.flatMap((image) => image.layers)
  return {
    secrets: secrets.slice(0, mostPlaces),
    unread: layers.filter(({ isRead }) => !isRead).length,
  }
}
