/** The heading of a view. It takes the focus when the view appears, so that who listens hears where they are. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Heading({ text }: { readonly text: string }): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    document.title = `${text} · DoorSync`;
  }, [text]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {text}
    </h1>
  );
}
