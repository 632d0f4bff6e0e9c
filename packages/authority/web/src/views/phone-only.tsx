/** What somebody without management's work sees on a desktop: why there are no codes, and what can be done here. */
import type { JSX } from "preact";
import { Heading } from "../parts/heading.tsx";
import { hrefOf } from "../route.ts";

export function PhoneOnly(): JSX.Element {
  return (
    <>
      <Heading text="Your codes are on your phone" />
      <p>
        Codes are shown, changed and given to guests on phones only: a desk is seen by others, and only a
        phone can bring a change to a door. Log in on any phone, also a borrowed one, and log out there when
        you are done.
      </p>
      {matchMedia("(any-pointer: coarse)").matches ? (
        <p>
          If this is a phone or a tablet, <a href="?mobile">open the page as on a phone</a>, log out there and
          log in again.
        </p>
      ) : null}
      <p>
        Here you can <a href={hrefOf("account")}>change your password and log out every device</a>, for
        instance when a phone was lost or stolen.
      </p>
    </>
  );
}
