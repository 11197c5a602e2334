import type { PackedSegments } from './packed-segments.ts'

/**
 * Compresses what is closed, the oldest first. The newest segment stays as it is: it is open, or the next start looks for its end.
 * Gives whether anything was compressed.
 */
export async function packClosed(
  segments: PackedSegments,
  { signal }: { readonly signal: AbortSignal },
): Promise<boolean> {
  const closed = (await segments.stored()).slice(0, -1).filter(({ isPacked }) => !isPacked)
  for (const { name } of closed) {
    if (signal.aborted) return true
    await segments.pack(name, { signal })
  }
  return closed.length > 0
}
