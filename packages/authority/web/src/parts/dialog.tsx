/**
 * A question before something is done, in a dialog of the browser's own: it keeps the focus inside, closes with Escape
 * and gives the focus back.
 */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

export function Dialog(props: {
  readonly title: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  const { title, close, children } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={close}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

/** A button that opens a dialog; what is in it may close it. */
export function DialogButton(props: {
  readonly label: string;
  readonly title: string;
  /** Read behind the label where several buttons say the same. */
  readonly about?: string;
  readonly tone?: "main" | "caution" | "plain";
  readonly children: (close: () => void) => ComponentChildren;
}): JSX.Element {
  const { label, title, about, tone = "plain", children } = props;
  const [isOpen, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <>
      <button type="button" class={tone} onClick={() => setOpen(true)}>
        {label}
        {about === undefined ? null : <span class="spoken"> {about}</span>}
      </button>
      {isOpen ? (
        <Dialog title={title} close={close}>
          {children(close)}
        </Dialog>
      ) : null}
    </>
  );
}

export function Cancel({
  close,
  label = "Cancel",
}: {
  readonly close: () => void;
  readonly label?: string;
}): JSX.Element {
  return (
    <button type="button" class="plain" onClick={close}>
      {label}
    </button>
  );
}
