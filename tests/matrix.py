"""What every route of a district answers to whom: the table that test_every_route.py drives over HTTP.

Who may: the roles whose members get in; every other role of the same district gets 403, a member of another district
404, nobody 401. Then by whose the thing in the address is: own, another's of the same district, another district's,
nobody's. "-" where the address names no thing. The last column is how many statements a page sends.
"""

from __future__ import annotations

from dataclasses import dataclass

TABLE = """
GET  /{tenant}/board                          coordinator,clinic,doctor  200  -    -    -    4
GET  /{tenant}/board/views                    coordinator,clinic,doctor  200  -    -    -    3
POST /{tenant}/board/views                    coordinator,clinic,doctor  303  -    -    -
POST /{tenant}/board/views/{view_id}/name     coordinator,clinic,doctor  303  404  404  404
POST /{tenant}/board/views/{view_id}/start    coordinator,clinic,doctor  303  404  404  404
POST /{tenant}/board/views/{view_id}/removal  coordinator,clinic,doctor  303  404  404  404
POST /{tenant}/board/nudges                   coordinator                303  303  404  404
POST /{tenant}/board/matches                  coordinator                303  303  404  404
POST /{tenant}/board/exports                  coordinator,clinic,doctor  200  200  200  200
POST /{tenant}/board/reassignments            coordinator                200  200  200  200
GET  /{tenant}/cases/{code}                   coordinator,clinic,doctor  200  200  404  404  5
POST /{tenant}/cases/{code}/acknowledgements  coordinator                303  303  404  404
POST /{tenant}/cases/{code}/contact           coordinator,clinic,doctor  200  200  404  404
POST /{tenant}/cases/{code}/name              coordinator                303  303  404  404
POST /{tenant}/cases/{code}/safety-note       coordinator                303  303  404  404
POST /{tenant}/cases/{code}/phone             coordinator                303  303  404  404
GET  /{tenant}/cases/{code}/consents?kind     coordinator                200  200  404  404  4
POST /{tenant}/cases/{code}/consents          coordinator                303  303  404  404
GET  /{tenant}/cases/{code}/agreements        coordinator,clinic,doctor  200  200  404  404  3
POST /{tenant}/cases/{code}/agreements        coordinator                303  303  404  404
GET  /{tenant}/lists                          chair,clinic,coordinator,doctor 200 - - - 0
GET  /{tenant}/lists/{name}                   chair,clinic,coordinator,doctor 200 - - 404 3
POST /{tenant}/lists/{name}/exports           chair,clinic,coordinator,doctor 200 - - 404
POST /{tenant}/cases/{code}/nudges            coordinator                303  303  404  404
GET  /{tenant}/cases/{code}/assignment        coordinator                200  200  404  404  8
POST /{tenant}/cases/{code}/assignment        coordinator                303  303  404  404
GET  /{tenant}/cases/{code}/pathway           coordinator,clinic,doctor  200  200  404  404  4
POST /{tenant}/cases/{code}/skips             coordinator,clinic,doctor  303  303  404  404
GET  /{tenant}/doctor                         doctor                     200  -    -    -    6
POST /{tenant}/doctor/decisions               doctor                     409  409  404  404
POST /{tenant}/doctor/decisions/{assessment_id}/removal doctor           303  303  303  303
POST /{tenant}/doctor/signer                  doctor                     303  -    -    -
POST /{tenant}/doctor/batches/{signing_id}/options doctor                409  409  409  409
POST /{tenant}/doctor/batches/{signing_id}    doctor                     422  422  422  422
GET  /{tenant}/doctor/batches/{signing_id}    doctor                     200  404  404  404  4
GET  /{tenant}/cases/{code}/certificate       coordinator,clinic,doctor  200  200  404  404  9
POST /{tenant}/cases/{code}/certificate/answers coordinator              409  409  404  404
POST /{tenant}/cases/{code}/certificate/corrections doctor               409  409  404  404
POST /{tenant}/cases/{code}/certificate/{paper_id}/revocation doctor     303  303  404  404
GET  /{tenant}/cases/{code}/certificate/{paper_id}/file.pdf coordinator,clinic,doctor 200 200 404 404 5
GET  /{tenant}/packs                          coordinator,clinic,doctor,tenant_admin 200 - - - 4
GET  /{tenant}/packs/{pack_id}                coordinator,clinic,doctor,tenant_admin 200 - 404 404 3
POST /{tenant}/pack-drafts                    coordinator                303  -    404  404
GET  /{tenant}/pack-drafts/{draft_id}         coordinator                200  200  404  404  3
POST /{tenant}/pack-drafts/{draft_id}         coordinator                422  422  404  404
GET  /{tenant}/pack-drafts/{draft_id}/rehearsal coordinator              200  200  404  404  5
POST /{tenant}/pack-drafts/{draft_id}/publication coordinator            409  409  404  404
POST /{tenant}/pack-drafts/{draft_id}/discard coordinator                303  303  303  303
GET  /{tenant}/cases/{code}/slips             coordinator,clinic,doctor  200  200  404  404  5
POST /{tenant}/cases/{code}/slips             coordinator,clinic,doctor  303  303  404  404
GET  /{tenant}/cases/{code}/slips/{slip_id}   coordinator,clinic,doctor  200  200  404  404  6
POST /{tenant}/cases/{code}/slips/{slip_id}/withdrawal coordinator,clinic,doctor 303 303 404 404
POST /{tenant}/cases/{code}/slips/{slip_id}/slot coordinator,clinic,doctor 303  303  404  404
GET  /{tenant}/cases/{code}/referrals         coordinator,clinic,doctor  200  200  404  404  5
POST /{tenant}/cases/{code}/referrals         coordinator,clinic,doctor  303  303  404  404
POST /{tenant}/cases/{code}/referrals/{referral_id}/answer coordinator,clinic,doctor 303 303 404 404
GET  /{tenant}/cases/{code}/stays             coordinator,clinic,doctor  200  200  404  404  5
POST /{tenant}/cases/{code}/stays             coordinator,clinic,doctor  303  303  404  404
POST /{tenant}/cases/{code}/stays/{stay_id}/return coordinator,clinic,doctor 303 303 404 404
GET  /{tenant}/cases/{code}/transfers         coordinator,clinic,doctor  200  200  404  404  6
POST /{tenant}/cases/{code}/transfers         coordinator                303  303  404  404
POST /{tenant}/cases/{code}/transfers/{transfer_id}/decision coordinator 303 303  404  404
GET  /{tenant}/cases/{code}/endings           coordinator,clinic,doctor  200  200  404  404  9
POST /{tenant}/cases/{code}/treatment-end     clinic,doctor              303  303  404  404
POST /{tenant}/cases/{code}/closure           coordinator,clinic,doctor  303  303  404  404
POST /{tenant}/cases/{code}/reopening         coordinator,clinic,doctor  303  303  404  404
GET  /{tenant}/cases/{code}/drop-outs         coordinator,clinic,doctor  200  200  404  404  5
POST /{tenant}/cases/{code}/drop-outs         coordinator,clinic,doctor  303  303  404  404
POST /{tenant}/cases/{code}/drop-outs/{drop_out_id}/decision clinic,doctor 303 303 404  404
GET  /{tenant}/cases/{code}/follow-up         coordinator,clinic,doctor  200  200  404  404  6
POST /{tenant}/cases/{code}/follow-up         coordinator,clinic,doctor  303  303  404  404
GET  /{tenant}/follow-ups                     coordinator,clinic,doctor  200  -    -    -    3
POST /{tenant}/cases/{code}/unsuited          coordinator                303  303  404  404
POST /{tenant}/cases/{code}/unsuited/{unsuited_id}/lifting coordinator   303  303  404  404
POST /{tenant}/cases/{code}/buddy-wish        coordinator                303  303  404  404
GET  /{tenant}/b/decline?p                    buddy                      200  404  404  404  3
POST /{tenant}/b/decline?p                    buddy                      303  404  404  404
GET  /{tenant}/matching                       coordinator                200  -    -    -    5
POST /{tenant}/matching                       coordinator                303  303  404  404
GET  /{tenant}/cases/{code}/screening         coordinator,clinic,doctor  200  200  404  404  5
GET  /{tenant}/cases/{code}/urgent            coordinator,clinic,doctor  303  303  303  303  0
GET  /{tenant}/cases/{code}/screening/{instrument} clinic,doctor         200  200  404  404  3
POST /{tenant}/cases/{code}/screening/{instrument} clinic,doctor         303  303  404  404
GET  /{tenant}/cases/{code}/screenings/{screening_id} clinic,doctor      200  200  404  404  4
POST /{tenant}/cases/{code}/screenings/{screening_id}/withdrawal clinic,doctor 303 303 404 404
GET  /{tenant}/cases/{code}/colour            clinic,doctor              200  200  404  404  5
POST /{tenant}/cases/{code}/colour            clinic,doctor              303  303  404  404
GET  /{tenant}/search                         coordinator,clinic,doctor  200  -    -    -    0
POST /{tenant}/search                         coordinator,clinic,doctor  200  200  200  200
GET  /{tenant}/sessions                       coordinator,clinic,doctor 200 -   -    -    4
POST /{tenant}/sessions                       coordinator,clinic         303  303  404  404
GET  /{tenant}/sessions/new                   coordinator,clinic         200  -    -    -    3
GET  /{tenant}/sessions/{session_id}          coordinator,clinic,doctor  200  200  404  404  4
GET  /{tenant}/sessions/{session_id}/sheet    coordinator,clinic,doctor  200  200  404  404  5
GET  /{tenant}/sessions/{session_id}/cards    coordinator,clinic,doctor  200  200  404  404  5
GET  /{tenant}/sessions/{session_id}/move     coordinator,clinic         200  200  404  404  3
POST /{tenant}/sessions/{session_id}/move     coordinator,clinic         303  303  404  404
POST /{tenant}/sessions/{session_id}/cancellation coordinator,clinic     303  303  404  404
POST /{tenant}/sessions/{session_id}/restoration coordinator,clinic      409  409  404  404
POST /{tenant}/sessions/{session_id}/attendance coordinator,clinic,doctor 303 303  404  404
POST /{tenant}/sessions/{session_id}/attendance/{code} coordinator,clinic,doctor 303 303 404 404
POST /{tenant}/sessions/{session_id}/doctors  coordinator,clinic,doctor  303  303  404  404
POST /{tenant}/sessions/{session_id}/closure  coordinator,clinic,doctor  303  303  404  404
GET  /{tenant}/cases/{code}/treatment         coordinator,clinic,doctor  200  200  404  404  10
POST /{tenant}/cases/{code}/tests             clinic,doctor              303  303  404  404
POST /{tenant}/cases/{code}/tests/{test_id}/custody clinic,doctor        303  303  404  404
POST /{tenant}/cases/{code}/home-visits       clinic,doctor              303  303  404  404
GET  /{tenant}/cases/{code}/card.svg          coordinator,clinic,doctor  200  200  404  404  3
GET  /{tenant}/courses                        coordinator,clinic,doctor  200  -    -    -    4
POST /{tenant}/courses                        coordinator                303  -    -    -
GET  /{tenant}/courses/new                    coordinator                200  -    -    -    0
GET  /{tenant}/courses/{course_id}            coordinator,clinic,doctor  200  200  404  404  4
GET  /{tenant}/courses/{course_id}/correction coordinator                200  200  404  404  3
POST /{tenant}/courses/{course_id}/correction coordinator                303  303  404  404
POST /{tenant}/courses/{course_id}/people     coordinator                303  303  404  404
GET  /{tenant}/courses/{course_id}/people/{code} coordinator,clinic,doctor 200 200 404  404  5
POST /{tenant}/courses/{course_id}/people/{code} coordinator             303  303  404  404
GET  /{tenant}/courses/{course_id}/sheet      coordinator,clinic,doctor  200  200  404  404  5
POST /{tenant}/courses/{course_id}/exports    coordinator,clinic,doctor  200  200  404  404
GET  /{tenant}/cases/{code}/livelihood        coordinator,clinic,doctor  200  200  404  404  8
POST /{tenant}/cases/{code}/trainings         coordinator                303  303  404  404
POST /{tenant}/cases/{code}/grants            coordinator                303  303  404  404
GET  /{tenant}/cases/{code}/grants/{grant_id} coordinator,clinic,doctor  200  200  404  404  4
POST /{tenant}/cases/{code}/grants/{grant_id} coordinator                303  303  404  404
POST /{tenant}/cases/{code}/work              coordinator                303  303  404  404
GET  /{tenant}/cases/{code}/work/{work_id}    coordinator,clinic,doctor  200  200  404  404  4
POST /{tenant}/cases/{code}/work/{work_id}    coordinator                303  303  404  404
GET  /{tenant}/absences                       coordinator,clinic,doctor  200  -    -    -    3
POST /{tenant}/absences/{task_id}/contacts    coordinator,clinic,doctor  303  303  404  404
GET  /{tenant}/cards/{code}/{word}            coordinator,clinic,doctor  200  200  404  404  4
POST /{tenant}/cards/{code}/{word}            coordinator,clinic,doctor  303  303  404  404
GET  /{tenant}/calendar                       coordinator,clinic,doctor  200  -    -    -    3
POST /{tenant}/calendar/address               coordinator,clinic,doctor  200  -    -    -
POST /{tenant}/calendar/ending                coordinator,clinic,doctor  303  -    -    -
GET  /{tenant}/go                             chair,clinic,coordinator,doctor,tenant_admin 200 - - - 0
POST /{tenant}/go                             chair,clinic,coordinator,doctor,tenant_admin 200 - - -
GET  /{tenant}/keys                           chair,clinic,coordinator,doctor,tenant_admin 200 - - - 0
POST /{tenant}/undo/{token}                   coordinator,buddy,chair,clinic,doctor 303  404  404  404
GET  /{tenant}/people/duplicates              coordinator                200  -    -    -    4
GET  /{tenant}/people/duplicates/{pair_id}    coordinator                200  200  404  404  12
POST /{tenant}/people/duplicates/{pair_id}/merge coordinator             303  303  404  404
POST /{tenant}/people/duplicates/{pair_id}/decision coordinator          303  303  404  404
POST /{tenant}/people/duplicates/{pair_id}/reopening coordinator         303  303  404  404
GET  /{tenant}/people/merges                  coordinator                200  -    -    -    3
POST /{tenant}/people/merges/{merge_id}/undo  coordinator                303  303  404  404
GET  /{tenant}/people/{code}/corrections      coordinator                200  200  404  404  7
POST /{tenant}/people/{code}/corrections      coordinator                303  303  404  404
POST /{tenant}/people/{code}/corrections/{correction_id}/undo coordinator 303 303 404 404
GET  /{tenant}/b                              buddy                      200  -    -    -    3
GET  /{tenant}/b/check-in?p                   buddy                      200  404  404  404  4
POST /{tenant}/cases/{code}/check-ins         buddy                      303  404  404  404
POST /{tenant}/b/check-ins                    buddy                      200  200  200  200
GET  /{tenant}/b/check-ins/{check_in_id}/note buddy                      200  404  404  404  3
POST /{tenant}/b/check-ins/{check_in_id}/note buddy                      303  404  404  404
GET  /{tenant}/b/urgent?p                     buddy                      200  404  404  404  6
GET  /{tenant}/b/people                       buddy                      200  -    -    -    3
GET  /{tenant}/b/me                           buddy                      200  -    -    -    3
GET  /{tenant}/b/visits?p                     buddy                      200  404  404  404  5
GET  /{tenant}/b/snapshot                     buddy                      200  -    -    -    3
GET  /{tenant}/b/outbox                       buddy                      200  -    -    -    5
GET  /{tenant}/b/practice                     buddy                      200  -    -    -    0
GET  /{tenant}/b/app.webmanifest              buddy                      200  -    -    -    0
POST /{tenant}/b/text-size                    buddy                      422  -    -    -
GET  /{tenant}/phones                         coordinator                200  -    -    -    3
GET  /{tenant}/meetings                       chair,clinic,coordinator,doctor 200  -    -    -    3
GET  /{tenant}/meetings/new                   coordinator                200  -    -    -    3
POST /{tenant}/meetings                       coordinator                303  -    -    -
GET  /{tenant}/meetings/{meeting}             chair,clinic,coordinator,doctor 200  200  404  404  6
POST /{tenant}/meetings/{meeting}/opening     coordinator                303  303  404  404
POST /{tenant}/meetings/{meeting}/agenda      coordinator                303  303  404  404
POST /{tenant}/meetings/{meeting}/items       coordinator                303  303  404  404
POST /{tenant}/meetings/{meeting}/items/{item_id}/place coordinator      303  303  404  404
POST /{tenant}/meetings/{meeting}/items/{item_id}/skip coordinator       303  303  404  404
POST /{tenant}/meetings/{meeting}/items/{item_id}/decisions coordinator  303  303  404  404
POST /{tenant}/meetings/{meeting}/chair       coordinator                303  303  404  404
POST /{tenant}/meetings/{meeting}/attendance  coordinator                303  303  404  404
POST /{tenant}/meetings/{meeting}/closing     coordinator                303  303  404  404
POST /{tenant}/meetings/{meeting}/cancellation coordinator               303  303  404  404
GET  /{tenant}/meetings/{meeting}/present     chair,clinic,coordinator,doctor 200  200  404  404  5
POST /{tenant}/meetings/{meeting}/present/{item_id} coordinator          303  303  404  404
POST /{tenant}/meetings/{meeting}/promises/{decision_id} coordinator         303  303  404  404
GET  /{tenant}/meetings/{meeting}/name/{code} chair                      200  200  404  404  4
POST /{tenant}/meetings/{meeting}/name/{code} chair                      200  200  404  404
GET  /{tenant}/meetings/{meeting}/minutes.pdf chair,clinic,coordinator,doctor 200  200  404  404  8
GET  /{tenant}/meetings/{meeting}/tasks.xlsx  chair,clinic,coordinator,doctor 200  200  404  404  6
GET  /{tenant}/meetings/{meeting}/pack        chair,clinic,coordinator,doctor 200  200  404  404  4
GET  /{tenant}/tasks                          chair,clinic,coordinator,doctor 200  -    -    -    3
POST /{tenant}/tasks/{decision_id}/results        chair,clinic,coordinator,doctor 303  -    404  404
GET  /{tenant}/chair                          chair                      200  -    -    -    6
GET  /{tenant}/messages                       coordinator                200  -    -    -    5
GET  /{tenant}/messages/{message_id}          coordinator                200  -    404  404  4
GET  /{tenant}/my-messages                    buddy,chair,clinic,coordinator,doctor,tenant_admin 200 - - - 4
POST /{tenant}/my-messages/line-codes         buddy,chair,clinic,coordinator,doctor,tenant_admin 409 - - -
POST /{tenant}/my-messages/line/removal       buddy,chair,clinic,coordinator,doctor,tenant_admin 303 - - -
GET  /{tenant}/my-messages/worker.js          buddy,chair,clinic,coordinator,doctor,tenant_admin 200 - - - 0
POST /{tenant}/my-messages/push               buddy,chair,clinic,coordinator,doctor,tenant_admin 422 - - -
POST /{tenant}/my-messages/push/removal       buddy,chair,clinic,coordinator,doctor,tenant_admin 303 - - -
POST /{tenant}/messages/{message_id}/retry    coordinator                303  -    404  404
GET  /{tenant}/admin/members                  tenant_admin               200  -    -    -    4
POST /{tenant}/admin/members                  tenant_admin               422  -    -    -
GET  /{tenant}/admin/members/new              tenant_admin               200  -    -    -    3
POST /{tenant}/admin/members/search           tenant_admin               303  -    -    -
POST /{tenant}/admin/members/places           tenant_admin               200  -    -    -
GET  /{tenant}/admin/members/{member_id}      tenant_admin               200  200  404  404  6
POST /{tenant}/admin/members/{member_id}/roles tenant_admin              303  303  404  404
GET  /{tenant}/admin/members/{member_id}/details tenant_admin            200  200  404  404  5
POST /{tenant}/admin/members/{member_id}/details tenant_admin            303  303  404  404
GET  /{tenant}/admin/members/{member_id}/ending tenant_admin             200  200  404  404  5
POST /{tenant}/admin/members/{member_id}/ending tenant_admin             303  303  404  404
GET  /{tenant}/admin/members/{member_id}/phone-removal tenant_admin      200  200  404  404  5
POST /{tenant}/admin/members/{member_id}/phone-removal tenant_admin      303  303  404  404
GET  /{tenant}/admin/invitations              tenant_admin               200  -    -    -    4
POST /{tenant}/admin/invitations              tenant_admin               422  -    -    -
GET  /{tenant}/admin/settings                 tenant_admin               200  -    -    -    3
GET  /{tenant}/admin/settings/{part}          tenant_admin               200  -    -    -    3
POST /{tenant}/admin/settings/{part}          tenant_admin               422  -    -    -
GET  /{tenant}/admin/settings/history         tenant_admin               200  -    -    -    4
POST /{tenant}/admin/settings/history/{row_id}/return tenant_admin       303  303  404  404
GET  /{tenant}/admin/settings/holidays        tenant_admin               200  -    -    -    3
POST /{tenant}/admin/settings/holidays        tenant_admin               422  -    -    -
GET  /{tenant}/admin/settings/wording         tenant_admin               200  -    -    -    3
GET  /{tenant}/admin/settings/wording/{kind}  tenant_admin               200  -    -    -    3
POST /{tenant}/admin/settings/wording/{kind}  tenant_admin               422  -    -    -
GET  /{tenant}/admin/settings/line            tenant_admin               200  -    -    -    3
POST /{tenant}/admin/settings/line            tenant_admin               422  -    -    -
POST /{tenant}/admin/settings/line/removal    tenant_admin               303  -    -    -
GET  /{tenant}/admin                          tenant_admin               200  -    -    -    10
GET  /{tenant}/admin/test-messages            tenant_admin               200  -    -    -    3
POST /{tenant}/admin/test-messages            tenant_admin               303  -    -    -
GET  /{tenant}/admin/audit                    tenant_admin               200  -    -    -    5
POST /{tenant}/admin/audit/exports            tenant_admin               200  -    -    -
POST /{tenant}/admin/audit/checks             tenant_admin               303  -    -    -
GET  /{tenant}/enrolments                     coordinator                200  -    -    -    5
POST /{tenant}/enrolments                     coordinator                303  -    -    -
POST /{tenant}/enrolments/places              coordinator                200  -    -    -
POST /{tenant}/enrolments/refusal?d           coordinator                303  303  303  303
POST /{tenant}/enrolments/discard?d           coordinator                303  303  303  303
GET  /{tenant}/enrolments/same?d              coordinator                303  404  404  404  6
POST /{tenant}/enrolments/same?d              coordinator                303  404  404  404
GET  /{tenant}/enrolments/consent-sheet?d     coordinator                200  404  404  404  5
GET  /{tenant}/enrolments/{step}?d            coordinator                200  404  404  404  6
POST /{tenant}/enrolments/{step}?d            coordinator                422  404  404  404
GET  /{tenant}/imports                        coordinator                200  -    -    -    4
POST /{tenant}/imports                        coordinator                422  -    -    -
GET  /{tenant}/imports/template.xlsx          coordinator                200  -    -    -    0
GET  /{tenant}/imports/{batch_id}             coordinator                200  200  404  404  9
GET  /{tenant}/imports/{batch_id}/progress    coordinator                200  200  404  404  4
POST /{tenant}/imports/{batch_id}/mapping     coordinator                303  303  404  404
GET  /{tenant}/imports/{batch_id}/rows/{number} coordinator              200  200  404  404  5
POST /{tenant}/imports/{batch_id}/rows/{number} coordinator              303  303  404  404
POST /{tenant}/imports/{batch_id}/commit      coordinator                303  303  404  404
GET  /{tenant}/imports/{batch_id}/result.xlsx coordinator                200  200  404  404  5
GET  /{tenant}/imports/{batch_id}/undo        coordinator                200  200  404  404  5
POST /{tenant}/imports/{batch_id}/undo        coordinator                303  303  404  404
"""

#: open to everybody or to every account: no district's row can be reached through them
OUTSIDE = {
    "public": """
GET /
GET /{tenant}
GET /components
POST /hooks/line/{slug}
GET /v
POST /v
GET /v/keys
GET /v/ended
GET /v/checker.html
GET /v/{code}
POST /v/{code}/file
GET /v/{code}/credential
GET /healthz
GET /readyz
GET /metrics
GET /static/{name}
GET /sign-in
POST /sign-in
POST /sign-in/code
POST /sign-in/passkey
POST /sign-in/passkey/options
GET /sign-in/pin
POST /sign-in/pin
GET /sign-in/once/{token}
POST /sign-in/once/{token}
GET /sign-in/with/{provider}
POST /sign-in/with/{provider}
GET /sign-in/back/{provider}
POST /sign-out
GET /{tenant}/sign-in
POST /{tenant}/sign-in/practice
GET /{tenant}/sign-in/restart
POST /{tenant}/sign-in/restart
GET /{tenant}/calendar/{token}
GET /{tenant}/b/sw.js
GET /{tenant}/b/token
""",
    "signed-in": """
GET /tenants
GET /step-up
POST /step-up
POST /step-up/options
GET /account
GET /account/pin
POST /account/pin
POST /account/language
POST /account/device/removal
POST /account/sessions/{session_id}/end
POST /account/sessions/end-others
POST /account/passkeys
POST /account/passkeys/options
POST /account/passkeys/{passkey}/removal
POST /account/linked/{provider}/removal
GET /account/code
POST /account/code
POST /account/code/removal
""",
}

WHOSE = ("own", "others", "foreign", "nobodys")


@dataclass(frozen=True)
class Line:
    method: str
    path: str
    roles: frozenset[str]
    expected: dict[str, int]  #: whose -> status
    flights: int | None
    query: str  #: what the address carries after "?"

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def lines() -> list[Line]:
    return [_line(text.split()) for text in TABLE.strip().splitlines()]


def outside() -> dict[str, str]:
    """Route -> permission of those that stand outside the table."""
    return {name: perm for perm, names in OUTSIDE.items() for name in names.strip().splitlines()}


def _line(cells: list[str]) -> Line:
    method, address, roles, *rest = cells
    path, _, query = address.partition("?")
    expected = {whose: int(cell) for whose, cell in zip(WHOSE, rest, strict=False) if cell != "-"}
    return Line(method, path, frozenset(roles.split(",")), expected, int(rest[4]) if len(rest) > 4 else None, query)
