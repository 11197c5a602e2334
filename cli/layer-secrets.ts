// Where secrets stand in the layers of an image, as a scan shows them.
import { exitCodes, Failure } from './failure.ts'
import { jsonOf } from './json.ts'
import { note, visible } from './output.ts'
import { callServer, type Session } from './session.ts'

/** What it looks like and where; the secret itself is nowhere. */
export interface LayerSecret {
  readonly kind: string
  readonly path: string
  readonly line: number
  readonly offset: number
  readonly fingerprint: string
}

interface ToldImage {
  readonly layers: readonly { readonly secrets: readonly LayerSecret[] }[]
}

/** Undefined where the source has none to tell, or does not tell this caller. */
export async function readLayerSecrets(
  session: Session,
  { repository, digest }: { readonly repository: string; readonly digest: string },
): Promise<readonly LayerSecret[] | undefined> {
  if (session.endpoint === undefined) return undefined
  const query = new URLSearchParams({ repository, digest })
  try {
    const answer = await callServer(session, 'GET', `/pratique/v1/secrets?${query.toString()}`)
    const { images } = await jsonOf<{ readonly images: readonly ToldImage[] }>(answer)
    return images.flatMap(({ layers }) => layers.flatMap(({ secrets }) => secrets))
  } catch (error) {
    // Who may see the findings need not be one who may see these.
    if (!(error instanceof Failure && error.exitCode === exitCodes.notAllowed)) throw error
    note('secrets in layers are not listed: it needs pratique:ListImageSecrets')
    return undefined
  }
}

const shownAtOnce = 20

/** Lines below the head of an image, each behind a line feed. */
export function secretLines(secrets: readonly LayerSecret[] = []): string {
  const lines = secrets
    .slice(0, shownAtOnce)
    .map(({ kind, path, line }) => `\n  secret: ${visible(`${kind} in /${path}`)}, line ${line}`)
  const more = secrets.length - lines.length
  return lines.join('') + (more > 0 ? `\n  and ${more} more: --output json shows them` : '')
}
