// Purpose:  read the main attributes of a Java archive's manifest.
// Spec:     JAR File Specification, "Name-Value pairs and Sections"; OSGi Core, bundle manifest headers.
// Input:    bytes of META-INF/MANIFEST.MF; hostile.
// Deviates: lines that are no attribute are passed over; sections about single packages say nothing about the archive.
// Unknowns: an attribute that is absent is absent; bytes that are no manifest give none.
import { decodeText } from '../rfc822.ts'

/** By attribute, in lower case, since Java compares them so. The first of a repeated attribute counts. */
export type Manifest = ReadonlyMap<string, string>

/** The main section comes first; the sections after it may name each file of a signed archive. */
const maxBytes = 1024 * 1024

export function parseManifest(bytes: Uint8Array): Manifest {
  // Joined before they are decoded: a line may end in the middle of a character.
  const joined = Buffer.from(bytes.subarray(0, maxBytes))
    .toString('latin1')
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll('\n ', '')
  const [main = ''] = joined.split('\n\n', 1)
  const attributes = new Map<string, string>()
  for (const line of decodeText(Buffer.from(main, 'latin1')).split('\n')) {
    const [, key, value = ''] = /^([\w-]{1,70})\s*:\s?(.*)$/s.exec(line) ?? []
    if (key !== undefined && !attributes.has(key.toLowerCase()))
      attributes.set(key.toLowerCase(), value.trim())
  }
  return attributes
}

/** `org.example.thing;singleton:=true` → `org.example.thing`. */
export function symbolicNameOf(manifest: Manifest): string | undefined {
  return manifest.get('bundle-symbolicname')?.split(';', 1)[0]?.trim()
}
