import { readSpooledText } from '../storage/feeds/spooled-file.ts'
import {
  FeedError,
  type FeedAnswer,
  type FeedRequest,
  type FeedTransport,
} from '../storage/feeds/transport.ts'

/** Where a feed's files are: its home, or a mirror of it. */
export interface FeedOrigin {
  /** The file at a path relative to the home, of names divided by `/`; `''` is the home. Fails with a FeedError. */
  get(
    path: string,
    request: FeedRequest,
    options: { readonly signal: AbortSignal },
  ): Promise<FeedAnswer>
}

/** Segments of letters, digits and `. _ : + ~ -`, with spaces inside, that do not begin with a dot: none leaves the base. */
const segment = /^[A-Za-z0-9_~+][A-Za-z0-9._:+~ -]*$/
const longestPath = 1024

/** Paths may come from an index that the origin wrote, so they are hostile. */
export function openOrigin(transport: FeedTransport, base: URL): FeedOrigin {
  return {
    async get(path, request, options) {
      const home = base.href.replace(/\/+$/, '')
      if (path === '') return transport.get(new URL(`${home}/`), request, options)
      const segments = path.split('/')
      if (path.length > longestPath || !segments.every((name) => segment.test(name)))
        throw new FeedError('refused', `${JSON.stringify(path.slice(0, 200))} is no path of a feed`)
      const encoded = segments.map((name) => encodeURIComponent(name)).join('/')
      return transport.get(new URL(`${home}/${encoded}`), request, options)
    },
  }
}

export type TextAnswer =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'text'; readonly text: string; readonly validator: string }

/** A small file, such as an index, as text. */
export async function getText(
  origin: FeedOrigin,
  path: string,
  request: FeedRequest & { readonly maxBytes: number },
  options: { readonly signal: AbortSignal },
): Promise<TextAnswer> {
  const answer = await origin.get(path, request, options)
  if (answer.kind !== 'fetched') return answer
  try {
    const text = await readSpooledText(answer.path, request.maxBytes)
    return { kind: 'text', text, validator: answer.validator }
  } finally {
    await answer.release()
  }
}

/** A file without which there is nothing to read, such as an index. */
export async function requireText(
  origin: FeedOrigin,
  path: string,
  request: Omit<FeedRequest, 'validator'> & { readonly maxBytes: number },
  options: { readonly signal: AbortSignal },
): Promise<string> {
  const answer = await getText(origin, path, request, options)
  if (answer.kind === 'text') return answer.text
  throw new FeedError('refused', `the origin has no ${path === '' ? 'index' : path}`)
}
