# 每一個代碼一則:發生了什麼事,以及接下來該做什麼 (.next)。
# $tries:還可以試幾次,或 unknown。$contact:誰能協助,或 unknown。

refusal-user_code_wrong = { $tries ->
        [unknown] 用戶代碼不正確。
       *[other] 用戶代碼不正確，還可以再試 { $tries } 次。
    }
    .next = 用戶代碼印在密碼單上，或是您申請時自己設定的，英文字母大小寫不同。請確認後再輸入一次；忘記了，請用網站上的「用戶代碼重設」設定新的。您的卡片沒有受到影響。

refusal-user_code_locked = 用戶代碼輸入錯誤次數過多，已經鎖住。卡片本身沒有損壞。
    .next = { $contact ->
        [unknown] 請不要再試，用網站上的「用戶代碼重設」設定新的就可以了，不需要卡片。收不到信，請洽發卡機關。
       *[other] 請不要再試，用網站上的「用戶代碼重設」設定新的就可以了，不需要卡片。收不到信，請洽發卡機關：{ $contact }
    }

refusal-user_code_form = 用戶代碼的格式不對，沒有送出，也沒有扣除次數。
    .next = 用戶代碼是 6 到 10 個英文字母、數字或符號，中間沒有空格。請再輸入一次。

refusal-already_activated = 這張卡片已經開卡完成，可以直接使用。
    .next = { $contact ->
        [unknown] 不必再開卡。若忘記PIN碼，請用「鎖卡解碼／重設PIN碼」。
       *[other] 不必再開卡。若忘記PIN碼，請用「鎖卡解碼／重設PIN碼」，或洽：{ $contact }
    }

refusal-not_activated = 這張卡片還沒有開卡。
    .next = 請先完成「開卡」，再做這件事。

refusal-activation_period_over = 開卡期限已過，這張卡片的憑證已不能啟用。
    .next = { $contact ->
        [unknown] 請洽發卡機關重新申請。
       *[other] 請洽發卡機關重新申請：{ $contact }
    }

refusal-activated_elsewhere = 這種卡片不在線上開卡。
    .next = { $contact ->
        [unknown] 請依發卡機關隨卡說明辦理。
       *[other] 請依發卡機關隨卡說明辦理，或洽：{ $contact }
    }

refusal-unlocked_elsewhere = 這種卡片不在線上解鎖。
    .next = { $contact ->
        [unknown] 請帶卡片及身分證明文件，到註冊窗口辦理。
       *[other] 請帶卡片及身分證明文件，到註冊窗口辦理，或洽：{ $contact }
    }

refusal-wrong_authority = 這張卡片屬於另一個憑證管理中心。卡片沒有受到影響。
    .next = 請改到發行這張卡片的憑證管理中心網站辦理，或換上這裡發行的卡片。

refusal-not_kaika_card = 讀卡機裡的卡片不是這裡發行的憑證IC卡。
    .next = 請確認插入的是憑證IC卡(不是金融卡或健保卡)，晶片朝上再插一次。

refusal-card_barred = { $standing ->
        [unknown] { $status ->
            [suspended] 這張卡片的憑證已停用，不能辦理這件事。
            [revoked] 這張卡片的憑證已廢止，不能再使用。
            [expired] 這張卡片的憑證已過期，不能辦理這件事。
           *[other] 這張卡片已停用、廢止或廢卡，不能辦理這件事。
        }
       *[other] 以這張卡片的憑證目前的狀態，不能辦理這件事：{ $standing }。
    }
    .next = { $status ->
        [suspended] 您自己停用的，請先辦理「憑證復用」，再回來做這件事。若您沒有申請停用，請洽發卡機關：{ $help }
        [revoked] 如仍需要憑證，請重新申請。若您沒有申請廢止，請洽發卡機關：{ $help }
        [expired] 還需要憑證的話，請洽發卡機關辦理換發或展期：{ $help }
       *[other] 若您沒有申請停用或廢止，請洽發卡機關：{ $help }
    }

refusal-no_reader = 找不到讀卡機。
    .next = 請將讀卡機接上電腦，等幾秒鐘後再試。

refusal-reader_unknown = 無法確定要用哪一台讀卡機。
    .next = 請指定讀卡機名稱(--reader)。用 kaika-agent card list 可以看到所有讀卡機。

refusal-no_card = 讀卡機裡沒有卡片。
    .next = 請將憑證IC卡的晶片朝上插到底，再試一次。

refusal-card_removed = 處理中卡片被拔出。已完成的部分都有記錄，卡片不會因此損壞。
    .next = 請將同一張卡片插回讀卡機，用同樣的資料再做一次，會從中斷的地方接續。

refusal-other_card = 讀卡機裡換成了另一張卡片。為了保護您，什麼都沒有做。
    .next = 請插回原來的卡片，再做一次。

refusal-card_fault = 卡片的回應不正常，這次沒有完成。
    .next = { $contact ->
        [unknown] 請拔出卡片，擦拭晶片後插回再試一次。若仍然如此，請洽發卡機關。
       *[other] 請拔出卡片，擦拭晶片後插回再試一次。若仍然如此，請洽發卡機關：{ $contact }
    }

refusal-card_unsuitable = { $missing ->
        [unknown] 這張卡片的硬體缺少這項工作需要的功能。
       *[other] 這張卡片的硬體缺少這項工作需要的功能：{ $missing }。卡片原有的內容沒有遺失。
    }
    .next = 請換用支援的卡片。「kaika-agent card probe」可以查出卡片具備哪些功能。

lack-between = 、
lack-piv = PIV 應用程式
lack-yubico_extensions = 製卡所需的指令(Yubico 對 PIV 的擴充)
lack-factory_management_key = 出廠的管理金鑰(卡片不是空白卡)
lack-management_key_aes = AES 管理金鑰
lack-key_algorithm = 這種卡片所用的金鑰種類
lack-key_agreement = 能解密或協商金鑰的加密金鑰
lack-keys_outlive_reset = 以 PUK 碼重設 PIN 碼後仍能使用的金鑰
lack-pin_each_time = 每次簽章都要求 PIN 碼的簽章金鑰
lack-pin_forgotten = 重置後不再保留已驗證的 PIN 碼
lack-object_size = 放得下最大憑證的空間

refusal-management_key_refused = 卡片不接受發卡機關寫入用的金鑰，所以沒有寫入任何內容。卡片上的憑證維持原狀。
    .next = { $contact ->
        [unknown] 請拔出卡片，擦拭晶片後插回再試一次。若仍然如此，請洽發卡機關。
       *[other] 請拔出卡片，擦拭晶片後插回再試一次。若仍然如此，請洽發卡機關：{ $contact }
    }

refusal-pin_form = PIN碼的格式不對，沒有送到卡片，也沒有扣除次數。
    .next = PIN碼是 6 到 8 個數字(有些卡片限定 6 個)。請再輸入一次。

refusal-pin_too_simple = 這組PIN碼太容易被猜到，沒有送到卡片，也沒有扣除次數。
    .next = 請改設另一組PIN碼，數字不要全部相同，不要連號，也不要用日期。

refusal-pin_not_taken = 卡片不接受這組新的PIN碼，認為它太容易被猜到。新的PIN碼沒有設定。
    .next = 請改設另一組PIN碼，數字不要重複，也不要連號。

refusal-pin_wrong = { $tries ->
        [unknown] PIN碼不正確。
       *[other] PIN碼不正確，還可以再試 { $tries } 次。
    }
    .next = 請確認後再輸入一次。不確定時請不要一直試；忘記了可以用「鎖卡解碼／重設PIN碼」重新設定。

refusal-pin_locked = PIN碼輸入錯誤次數過多，卡片已鎖住。憑證和金鑰都還在卡片裡。
    .next = 請用「鎖卡解碼／重設PIN碼」設定新的PIN碼，需要用戶代碼；若發卡機關不提供線上解鎖，請到註冊窗口辦理。

refusal-pin_not_proved = { $tries ->
        [unknown] 新的PIN碼已經設定好了，只差最後再輸入一次沒有完成。
       *[other] 新的PIN碼已經設定好了，但最後再輸入的那一次和它不同。
    }
    .next = 卡片現在就可以用新的PIN碼。不確定剛才設定了什麼時，請按「再試一次」重新設定，會顯示新的PUK碼。

refusal-puk_blocked = { $tries ->
        [0] 這張卡片的PIN碼和PUK碼都已鎖住，無法再解鎖。
        [unknown] 這張卡片的PUK碼已鎖住或不能再試，無法在線上重設PIN碼。
       *[other] 這張卡片的PUK碼已鎖住或不能再試，無法重設PIN碼。但是PIN碼沒有鎖住，還可以再試 { $tries } 次。
    }
    .next = { $tries ->
        [0] 請向發卡機關申請補發新卡{ $contact ->
            [unknown] 。
           *[other] ：{ $contact }
        }
        [unknown] 請帶卡片到註冊窗口辦理。PIN碼和PUK碼都鎖住的卡片不能再解鎖，要申請補發新卡{ $contact ->
            [unknown] 。
           *[other] ：{ $contact }
        }
       *[other] 記得PIN碼的話，卡片可以照常使用，請不要忘記。想不起來時，只能申請補發新卡{ $contact ->
            [unknown] 。
           *[other] ：{ $contact }
        }
    }

refusal-puk_wrong = 在讀卡機上輸入的PUK碼不對，PIN碼沒有改變。
    .next = 卡片已經換了新的PUK碼，次數也恢復了。請按「再試一次」，照畫面上新的PUK碼輸入。

refusal-number_differs = 讀卡機裡的卡片，不是網頁上要辦理的那一張。什麼都沒有做。
    .next = 請換上網頁上寫的那張卡片。卡號輸入錯誤的話，請關閉這個視窗，在網頁上改正後重新開始。

refusal-keypad_timed_out = 等候輸入的時間到了，這次沒有完成。
    .next = 請按「再試一次」，看到PUK碼後在一分鐘內開始輸入。

refusal-keypad_cancelled = 您取消了輸入，這次沒有完成。卡片不會因此損壞。
    .next = 要設定新的PIN碼，請按「再試一次」，會顯示新的PUK碼。

refusal-keypad_form = 在讀卡機上輸入的數字太少或太多，沒有送到卡片，也沒有扣除次數。
    .next = PUK碼是 8 個數字，PIN碼的位數請照畫面上的說明。請按「再試一次」。

refusal-stale = 這項工作已逾時，或已由另一個視窗接手。
    .next = 請關閉其他視窗，重新開始一次；已完成的部分不會重做。

refusal-card_in_use = 卡片正在被別的程式使用。
    .next = 請關閉其他使用卡片的程式，例如健保、報稅或銀行的程式，再試一次。卡片沒有受到影響。

refusal-busy = 這張卡片或伺服器正忙於其他工作。
    .next = 請關閉其他使用卡片的程式，稍候片刻，再用同樣的資料做一次；已完成的部分不會重做。

refusal-server_unreachable = 連不上伺服器。
    .next = 請檢查網路連線後，用同樣的資料再做一次；已完成的部分不會重做。

refusal-not_a_portal = 這個網址不是本系統的網站。
    .next = 請檢查網址(--portal)有沒有打錯。

refusal-agent_unreachable = 連不上這台電腦上的卡片元件。
    .next = 請先啟動元件(kaika-agent run)，再試一次。

refusal-agent_too_old = 這台電腦上的卡片元件版本太舊，或正在執行的是另一個版本，所以沒有辦理。
    .next = 請從原來取得卡片元件的地方安裝最新版，重新啟動後再試一次。不知道去哪裡取得的話，請洽管理這台電腦的人員，或洽發卡機關：{ $help }

refusal-server_too_old = 這個網站的版本比這台電腦上的卡片元件舊，還不能辦理這件事。您的卡片沒有動過。
    .next = 請通知網站的管理單位更新伺服器：{ $help }

refusal-agent_token = 這台電腦上的卡片元件不接受這個請求。
    .next = 請用啟動元件的同一個使用者執行，或以 --agent-token-file 指定元件寫出的檔案。

refusal-pcsc_missing = 這台電腦沒有讀卡機服務(PC/SC)，所以看不到讀卡機。
    .next = 請安裝後再試：sudo apt-get install pcscd libpcsclite1

refusal-pcsc_stopped = 這台電腦的讀卡機服務(PC/SC)沒有在執行，所以看不到讀卡機。
    .next = 請啟動後再試：sudo systemctl start pcscd.socket。若沒有這個服務，請先安裝：sudo apt-get install pcscd

refusal-readers_refused = 這台電腦不允許您使用讀卡機。
    .next = 請直接在這台電腦前登入後再試，不要經由 ssh 或遠端桌面。若您就在電腦前，請管理這台電腦的人員設定 polkit 規則，允許您使用 org.debian.pcsc-lite.access_pcsc 與 org.debian.pcsc-lite.access_card。

refusal-reader_fault = 讀卡機或讀卡機服務發生錯誤，這次沒有完成。
    .next = 請將讀卡機拔下再接上，用同樣的資料再做一次。若仍然如此，請重新啟動讀卡機服務：sudo systemctl restart pcscd

refusal-station_unknown = 這個製卡工作站沒有登錄，或登錄已被取消。
    .next = 請由管理人員用 kaika station enrol 登錄工作站，再用它給的檔案。

refusal-no_order = 沒有等待製作的卡片訂單。
    .next = 請先用 kaika card order 建立訂單，或檢查卡號。

refusal-order_taken = 這張訂單已經放上另一張空白卡，正在製作。
    .next = 請放回那張卡片再做一次；如果它壞了，請管理人員先執行 kaika card set-aside。

refusal-order_over = 這張訂單已經結束：卡片已製作完成，或訂單已撤回。
    .next = 請用 kaika card list 查看卡片的狀態。

refusal-not_certifiable = 憑證無法記載這些內容：卡片放不下，或依規定不能寫在憑證裡。沒有更動任何東西。
    .next = 請改用較短的電子郵件或名稱，或更正無法辨讀的內容。如果是登記的名稱有問題，請洽發卡的憑證管理中心：{ $help }

refusal-authority_ending = 憑證管理中心本身的憑證，會比現在訂製的卡片憑證更早到期。沒有成立訂單。
    .next = 請先更新憑證管理中心的憑證，或改向其他憑證管理中心訂製。

refusal-serial_known = 這裡已經製過一張裝置序號相同的卡片，而這個裝置裡沒有那張卡的內容。沒有更動任何東西。
    .next = 如果這個裝置曾經重置過，請先廢止並註銷原來的卡片。如果是另一個裝置，表示這款卡片的序號都一樣，無法分辨，請換用有各自序號的卡片。

refusal-card_not_blank = 這張卡片不是空白卡。為了保護其中的內容，沒有更動它。
    .next = 請換一張出廠狀態的卡片。

refusal-secret_missing = 少了必要的用戶代碼或PIN碼。
    .next = 請在畫面上輸入，或以 --secrets-stdin 提供。

refusal-bad_request = 請求的內容不對，沒有處理。
    .next = 請檢查輸入的內容，再試一次。

refusal-not_found = 找不到您要的資料。
    .next = 請檢查號碼或網址，再試一次。

refusal-too_many_requests = 短時間內的請求太多。
    .next = 請稍候幾分鐘再試。

refusal-internal = 系統發生了我們沒有料到的問題。已完成的部分都有記錄。
    .next = { $contact ->
        [unknown] 請稍候再試一次。若仍然如此，請聯絡管理人員。
       *[other] 請稍候再試一次。若仍然如此，請洽：{ $contact }
    }

refusal-ticket_over = 這次作業的憑據已過期或已使用過，什麼都沒有做。
    .next = 請按「再試一次」，或回到網站的頁面重新開始。

refusal-not_logged_in = 您還沒有登入，或登入時間已經到了。
    .next = 請用卡片登入，再做一次。

refusal-primary_card_needed = 這個頁面要用機關（組織）的正卡登入才能看，您是用附卡登入的。
    .next = 請登出，改用正卡登入。正卡由機關（組織）的聯絡人保管。

refusal-link_over = 這個連結或代碼已經過期、已經使用過，或不是我們寄出的。什麼都沒有變更。
    .next = 請回到網站重新申請一次，並使用最新的那封信。

refusal-not_permitted = 這個網站沒有得到使用卡片的許可。卡片沒有被讀取。
    .next = 若這是發卡機關的網站，請管理您電腦的人員將它的網址加入卡片元件的設定(kaika-agent run --portal)。否則請關閉視窗。

refusal-port_taken = 卡片元件要用的連接埠已被另一個程式占用，所以無法啟動。
    .next = 請關閉占用的程式(可能是另一個卡片元件)，再啟動一次；或以 --listen 指定別的連接埠。

refusal-pins_differ = 兩次輸入的新PIN碼不同，沒有送出。
    .next = 請把新的PIN碼再輸入兩次，兩次要完全相同。

refusal-foreign_page = 這個請求不是從本網站的頁面送出的，沒有處理。
    .next = 請直接在本網站的頁面操作。若您是按了別處的連結才看到這一頁，請不要繼續。

refusal-details_wrong = 卡號、卡片持有者名稱和用戶代碼不相符，什麼都沒有改變。
    .next = { $contact ->
        [unknown] 請逐一核對後再試。為了保護您，我們不說是哪一項不對。用戶代碼錯誤幾次後，這個方式就不能再用；忘記或試錯太多次，請用「用戶代碼重設」設定新的。仍然不行，請洽發卡機關。
       *[other] 請逐一核對後再試。為了保護您，我們不說是哪一項不對。用戶代碼錯誤幾次後，這個方式就不能再用；忘記或試錯太多次，請用「用戶代碼重設」設定新的。仍然不行，請洽發卡機關：{ $contact }
    }

refusal-captcha_wrong = 驗證碼的答案不對，或是已經用過、超過時間。什麼都沒有改變，也沒有扣除次數。
    .next = 這裡有新的驗證碼，請再回答一次。

refusal-changed_elsewhere = 這件事不在線上辦理。
    .next = { $contact ->
        [unknown] 請洽發卡機關辦理。
       *[other] 請洽發卡機關辦理：{ $contact }
    }

refusal-already_suspended = { $standing ->
        [unknown] 這張卡片的憑證先前已經停用，不必再辦一次。
       *[other] 沒有可以再停用的憑證：{ $standing }。
    }
    .next = 要恢復使用時請辦理「復用」；確定不再使用請辦理「廢止」。

refusal-already_revoked = { $standing ->
        [unknown] 這張卡片的憑證已經廢止，不能再改變。
       *[other] 沒有可以再改變的憑證：{ $standing }。
    }
    .next = 廢止後不能恢復。還需要使用憑證的話，請申請新卡片。

refusal-not_suspended = { $standing ->
        [unknown] 這張卡片的憑證沒有停用，不需要復用。
       *[other] 沒有停用中的憑證，不需要復用：{ $standing }。
    }
    .next = 請用「憑證查詢及下載」查看憑證目前的狀態。

refusal-suspended_by_others = { $standing ->
        [unknown] 這張卡片的憑證不是您自己停用的，不能由您復用。
       *[other] 停用中的憑證不是您自己停用的，不能由您復用：{ $standing }。
    }
    .next = { $contact ->
        [unknown] 它是由發卡機關或註冊窗口停用的，請洽他們了解原因。
       *[other] 它是由發卡機關或註冊窗口停用的，請洽詢原因：{ $contact }
    }

refusal-certificates_expired = { $standing ->
        [unknown] 這張卡片的憑證已經過期，沒有可以改變的了。
       *[other] 沒有可以再改變的憑證：{ $standing }。
    }
    .next = 過期的憑證不能再使用，不必停用或廢止。還需要使用憑證的話，請申請新卡片。

# 同一張卡片的憑證狀態不一樣時，逐一說明：「簽章憑證已廢止；登入憑證已過期」。
standing-revoked = { $roles }已廢止
standing-expired = { $roles }已過期
standing-suspended = { $roles }已停用
standing-held = { $roles }尚未啟用
standing-valid = { $roles }有效
standing-between = ；
standing-between-roles = 、
standing-role-signature = 簽章憑證
standing-role-encryption = 加解密憑證
standing-role-login = 登入憑證
standing-role-card_authentication = 卡片鑑別憑證

# 發卡機關的聯絡方式不明時。
refusal-help = 電話印在卡片背面或隨卡說明上

# What is certain of a card after a job that was cut

aftermath-heading-unsure = 還不確定PIN碼有沒有換好
aftermath-heading-new = PIN碼已經換好，還差最後一步
aftermath-heading-maybe-done = 還不確定有沒有完成
aftermath-pin-before = 這一次沒有改到卡片的PIN碼。
aftermath-pin-unsure = 卡片可能已經換成新的PIN碼，也可能還是原來的。
    .next = 請把卡片放回讀卡機，按「繼續」再設定一次。在那之前請不要試PIN碼，以免鎖卡。
aftermath-changed-unsure = 卡片可能已經換成新的PIN碼，也可能還是原來的。
    .next = 請把卡片放回讀卡機，按「繼續」。目前的PIN碼先輸入原來的；如果不對，就輸入剛才的新PIN碼。
aftermath-pin-new = 卡片已經換成您剛才設定的新PIN碼。
    .next = 請按「繼續」再做一次，把最後一步完成。
aftermath-maybe-done = 可能已經完成，只是這台電腦沒有收到伺服器的答覆。
    .next = 請再做一次，確認有沒有完成；已完成的部分不會重做。
aftermath-not-activated = 卡片還沒有開卡，也沒有任何改變。
aftermath-activation-begun = 卡片還沒有開卡。PIN碼以開卡成功那一次設定的為準。
aftermath-written = 卡片裡的憑證可能只寫入一部分；再做一次就會補齊。PIN碼沒有改變。
aftermath-status = 這一次沒有改變憑證的狀態。
aftermath-nothing = 卡片和憑證都沒有改變。
