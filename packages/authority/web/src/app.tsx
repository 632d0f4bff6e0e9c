/** The frame of the page: who is logged in, where one is, what is live. What stands in it is in views/. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Api } from "./api.ts";
import { useFeed } from "./feed.ts";
import { announce, Live } from "./live.tsx";
import { useLoad } from "./load.ts";
import { useNews } from "./news.ts";
import { Heading } from "./parts/heading.tsx";
import { Show } from "./parts/loading.tsx";
import { hrefOf, type Route, type RouteName, routeOf, useHash } from "./route.ts";
import { useSession } from "./session.ts";
import { Account, leave } from "./views/account.tsx";
import { Activity } from "./views/activity.tsx";
import { Codes } from "./views/codes.tsx";
import { Daily } from "./views/daily.tsx";
import { Door } from "./views/door.tsx";
import { Doors } from "./views/doors.tsx";
import { Guests } from "./views/guests.tsx";
import { Log } from "./views/log.tsx";
import { LogIn, ResetPassword } from "./views/log-in.tsx";
import { People } from "./views/people.tsx";
import { Person } from "./views/person.tsx";
import { PhoneOnly } from "./views/phone-only.tsx";
import { Policy } from "./views/policy.tsx";
import { timeZone } from "./words.ts";

type Me = Api["me"]["answer"];

/** The token of a link for a new password: `/reset#TOKEN`. It is taken out of the address at once. */
function takeResetToken(): string | undefined {
  if (!location.pathname.endsWith("/reset")) return undefined;
  const token = location.hash.slice(1);
  history.replaceState(null, "", `./${location.search}`);
  return token;
}

const resetToken = takeResetToken();

export function App(): JSX.Element {
  const session = useSession();
  const [reset, setReset] = useState(resetToken);
  if (reset !== undefined)
    return (
      <Frame>
        <ResetPassword token={reset} leave={() => setReset(undefined)} />
      </Frame>
    );
  if (!session.isIn)
    return (
      <Frame>
        <LogIn why={session.why} />
      </Frame>
    );
  return <House key={session.token} />;
}

function Frame(props: { readonly nav?: JSX.Element; readonly children: JSX.Element }): JSX.Element {
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the content
      </button>
      <header>
        <p class="brand">DoorSync</p>
        {props.nav}
      </header>
      <main id="main" tabIndex={-1}>
        {props.children}
      </main>
      <footer>
        <p>Times are in your time zone, {timeZone}.</p>
      </footer>
      <Live />
    </>
  );
}

function House(): JSX.Element {
  const me = useLoad("me", {}, ({ kind }) => kind.startsWith("person.") || kind.startsWith("policy."));
  const isLive = useFeed();
  const hash = useHash();
  useEffect(() => {
    if (!isLive) announce("Not live at the moment: what is shown may have changed. Trying again.");
  }, [isLive]);
  const route = routeOf(hash);
  useNews(route?.params["door"]);
  return (
    <Frame {...(me.value === undefined ? {} : { nav: <Nav me={me.value} route={route} isLive={isLive} /> })}>
      <Show of={me}>{(value) => <View key={hash} me={value} route={route} />}</Show>
    </Frame>
  );
}

interface Place {
  readonly name: RouteName;
  readonly label: string;
  readonly params: Readonly<Record<string, string>>;
}

/** Properties that one works for. */
function worksFor(me: Me): readonly { readonly id: string; readonly name: string }[] {
  const own = me.standings.filter(
    ({ role, isSuspended }) => !isSuspended && (role === "manager" || role === "host"),
  );
  return [
    ...new Map(
      own.map(({ propertyId, property }) => [propertyId, { id: propertyId, name: property }]),
    ).values(),
  ];
}

function placesOf(me: Me, property: string | undefined): readonly Place[] {
  const places: Place[] = [];
  const works = worksFor(me);
  const at = works.find(({ id }) => id === property) ?? works[0];
  if (at !== undefined) {
    const params = { property: at.id };
    places.push({ name: "doors", label: "Doors", params }, { name: "people", label: "People", params });
    if (isManager(me, at.id))
      places.push(
        { name: "policy", label: "Policy", params },
        { name: "activity", label: "Activity", params },
      );
  }
  if (me.client === "mobile" && !me.isVendor) places.push({ name: "codes", label: "My codes", params: {} });
  return [...places, { name: "account", label: "Account", params: {} }];
}

function isManager(me: Me, property: string): boolean {
  return me.standings.some(
    ({ propertyId, role, isSuspended }) => propertyId === property && role === "manager" && !isSuspended,
  );
}

/** Views that stand under another's entry. */
const under: Partial<Record<RouteName, RouteName>> = {
  door: "doors",
  log: "doors",
  person: "people",
  guests: "codes",
  daily: "codes",
};

function Nav(props: {
  readonly me: Me;
  readonly route: Route | undefined;
  readonly isLive: boolean;
}): JSX.Element {
  const { me, route, isLive } = props;
  const property = route?.params["property"];
  const works = worksFor(me);
  const here = route === undefined ? undefined : (under[route.name] ?? route.name);
  return (
    <>
      <nav aria-label="Main">
        {works.length > 1 ? (
          <select
            aria-label="Property"
            value={property ?? works[0]?.id}
            onChange={(event) => {
              location.hash = hrefOf("doors", { property: event.currentTarget.value });
            }}
          >
            {works.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        ) : null}
        <ul>
          {placesOf(me, property).map(({ name, label, params }) => (
            <li key={name}>
              <a href={hrefOf(name, params)} aria-current={name === here ? "page" : undefined}>
                {label}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="session">
        <p class={isLive ? "link-state" : "link-state lost"}>
          <span aria-hidden="true">{isLive ? "●" : "○"}</span> {isLive ? "Live" : "Not live"}
        </p>
        <button type="button" class="plain" onClick={() => void leave()}>
          Log out
        </button>
      </div>
    </>
  );
}

function View({ me, route }: { readonly me: Me; readonly route: Route | undefined }): JSX.Element {
  if (route === undefined) return <Heading text="There is nothing here" />;
  const { name, params } = route;
  const id = (key: string): string => params[key] ?? "";
  switch (name) {
    case "home":
      return <Home me={me} />;
    case "codes":
      return me.client === "mobile" ? <Codes /> : <PhoneOnly />;
    case "guests":
      return <Guests door={id("door")} />;
    case "daily":
      return <Daily door={id("door")} />;
    case "account":
      return <Account me={me} />;
    case "doors":
      return <Doors property={id("property")} mayAdd={isManager(me, id("property"))} />;
    case "door":
      return <Door property={id("property")} door={id("door")} isManager={isManager(me, id("property"))} />;
    case "log":
      return <Log property={id("property")} door={id("door")} />;
    case "people":
      return <People property={id("property")} isManager={isManager(me, id("property"))} />;
    case "person":
      return (
        <Person
          property={id("property")}
          person={id("person")}
          isManager={isManager(me, id("property"))}
          isSelf={me.personId === id("person")}
        />
      );
    case "policy":
      return <Policy property={id("property")} />;
    case "activity":
      return <Activity property={id("property")} />;
    default:
      return name satisfies never;
  }
}

/** Where somebody begins: at what they work for, at their codes, or at why there are none. */
function Home({ me }: { readonly me: Me }): JSX.Element {
  const [first] = worksFor(me);
  const target =
    first !== undefined
      ? hrefOf("doors", { property: first.id })
      : me.client === "mobile" && !me.isVendor
        ? hrefOf("codes")
        : undefined;
  useEffect(() => {
    if (target !== undefined) location.replace(target);
  }, [target]);
  if (target !== undefined) return <p class="loading">Loading…</p>;
  if (me.isVendor)
    return (
      <>
        <Heading text="Nothing to see here" />
        <p>An account of the vendor has access to nothing in a property.</p>
      </>
    );
  return <PhoneOnly />;
}
