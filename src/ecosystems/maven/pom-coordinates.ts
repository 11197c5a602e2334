// Purpose:  read the coordinates of the project that a pom.xml describes.
// Spec:     Apache Maven, POM reference: coordinates, inheritance from the parent's.
// Input:    bytes of a pom.xml inside an archive; hostile.
// Deviates: nothing.
// Unknowns: a file that is no project, or leaves one of the three to be filled in, has no coordinates.
import { childOf, childText, readXml } from '../xml-document.ts'
import { coordinatesOf, type Coordinates } from './coordinates.ts'

export function coordinatesOfPom(bytes: Uint8Array): Coordinates | undefined {
  const reading = readXml(bytes)
  if (reading.kind === 'refused' || reading.root.name !== 'project') return undefined
  const { root } = reading
  const parent = childOf(root, 'parent')
  return coordinatesOf(
    childText(root, 'groupId') ?? childText(parent, 'groupId'),
    childText(root, 'artifactId'),
    childText(root, 'version') ?? childText(parent, 'version'),
  )
}
